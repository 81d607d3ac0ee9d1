/**
 * What of a long description reaches which part of the picture. `npm run bench:reading -- [model folder] [--batches N] [--listed] [--json]`
 *
 * Scenes of four objects, one in each quarter of the picture, are told in sentences, in any order (`--listed`: row by row, as the suite
 * `world-dense` tells them). One of the objects is then called something else, and measured is how far the conditions of the diffusion head move
 * by it, relative to their length, at the hidden tokens of each quarter. A model that reads a description moves the quarter of that object and no other.
 */
import { parseArgs } from "node:util";
import { backgroundPlaces } from "../src/data/backgrounds.ts";
import { describeInStatements, planScene, type Scene } from "../src/data/index.ts";
import { nativeSide } from "../src/models/config.ts";
import { DEFAULT_MODEL } from "../src/pipeline/load-folder.ts";
import { Random } from "../src/random.ts";
import { allocate } from "../src/tensor/dtype.ts";
import { generationPrompt } from "../src/text/prompts.ts";
import { generationInputs, prefixed } from "../src/training/batches.ts";
import { wholeNumber } from "./arguments.ts";
import { type OpenDrawing, openDrawing } from "./drawing-program.ts";
import { machineLine } from "./machine.ts";
import { rowsOf } from "./model-program.ts";
import { run } from "./run.ts";

const BATCH = 64;
const SEED = 1;
const QUARTERS = ["top left", "top right", "bottom left", "bottom right"] as const;

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      batches: { type: "string", default: "4" },
      listed: { type: "boolean", default: false },
      json: { type: "boolean", default: false },
    },
  });
  const batches = wholeNumber("batches", values.batches, 1);
  const [folder = DEFAULT_MODEL] = positionals;
  const model = await openDrawing(folder, BATCH);
  const random = new Random(SEED);
  const moved = QUARTERS.map(() => QUARTERS.map(() => 0));
  for (let batch = 0; batch < batches; batch++) {
    const told = Array.from({ length: BATCH }, () => planTold(random, values.listed));
    const before = await conditionsOf(model, told, batch);
    for (const [quarter, row] of moved.entries()) {
      const after = await conditionsOf(
        model,
        told.map((each) => renamed(each, quarter)),
        batch,
      );
      for (const [other, distance] of distances(before, after).entries()) row[other] += distance / batches;
    }
  }
  await model.release();
  const machine = machineLine("onnxruntime-node");
  if (values.json)
    return console.log(JSON.stringify({ machine, folder, descriptions: batches * BATCH, moved }, null, 2));
  console.log(`${machine}; ${folder}, ${batches * BATCH} descriptions\n`);
  console.log(`| renamed object | ${QUARTERS.join(" | ")} |`);
  console.log(`|---|${QUARTERS.map(() => "---|").join("")}`);
  for (const [quarter, row] of moved.entries()) {
    console.log(`| ${QUARTERS[quarter]} | ${row.map((share) => `${(100 * share).toFixed(1)} %`).join(" | ")} |`);
  }
}

/** A scene, and the order in which its objects are told. */
interface Told {
  scene: Scene;
  order: readonly number[];
}

const quarterOf = ({ x, y }: { x: number; y: number }): number => (y > 0.5 ? 2 : 0) + (x > 0.5 ? 1 : 0);

function planTold(random: Random, listed: boolean): Told {
  const options = { denseObjects: [4, 4], sizes: [0.43, 0.43], tidy: true, styles: ["emoji"], heldOut: "any" } as const;
  const scene = planScene(random, { tasks: ["dense"], ...options });
  const numbers = [...scene.objects.keys()];
  const byQuarter = numbers.sort((a, b) => quarterOf(scene.objects[a]) - quarterOf(scene.objects[b]));
  return { scene, order: listed ? byQuarter : random.shuffle(byQuarter) };
}

/** The same with the object of a quarter called a cat, or a dog where it is a cat. */
function renamed({ scene, order }: Told, quarter: number): Told {
  const objects = scene.objects.map((object) =>
    quarterOf(object) === quarter ? { ...object, name: object.name === "cat" ? "dog" : "cat" } : object,
  );
  return { scene: { ...scene, objects }, order };
}

/** The head's conditions at the tokens that are hidden, with the quarter of each. */
interface Conditions {
  rows: readonly Float32Array[];
  quarters: readonly number[];
}

async function conditionsOf(
  { config, tokenizer, run }: OpenDrawing,
  told: readonly Told[],
  seed: number,
): Promise<Conditions> {
  const side = nativeSide(config.mar);
  const prompts = told.map(({ scene, order }) =>
    generationPrompt(
      describeInStatements(scene, backgroundPlaces(scene.background)[0], { order, relation: false }).text,
    ),
  );
  // The pictures are blank: what is asked is what the words do.
  const shape = [told.length, 3, config.mar.img_size, config.mar.img_size];
  const pixels = {
    dtype: "float32",
    shape,
    data: allocate(
      "float32",
      shape.reduce((a, b) => a * b),
    ),
  } as const;
  const inputs = generationInputs(config, tokenizer, prompts, new Random(seed), 1);
  const { condition } = await run(prefixed("generation", { pixels, ...inputs }));
  const all = rowsOf(condition);
  const hidden = [...new Set(inputs.predicted.data as BigInt64Array)].map(Number);
  const quarters = hidden.map((row) => {
    const place = row % (side * side);
    return quarterOf({ x: ((place % side) + 0.5) / side, y: (Math.floor(place / side) + 0.5) / side });
  });
  return { rows: hidden.map((row) => all[row]), quarters };
}

/** How far conditions lie apart in each quarter, relative to the length of the first. */
function distances(before: Conditions, after: Conditions): number[] {
  return QUARTERS.map((_, quarter) => {
    const own = before.rows.flatMap((row, i) => (before.quarters[i] === quarter ? [apart(row, after.rows[i])] : []));
    return own.reduce((sum, each) => sum + each, 0) / own.length;
  });
}

const apart = (a: Float32Array, b: Float32Array): number =>
  Math.hypot(...a.map((value, i) => value - b[i])) / Math.hypot(...a);

await run(main);
