/**
 * What the patches of the vision tower tell of each object. `npm run bench:seeing -- [model folder] [--scenes N] [--json]`
 *
 * Scenes of all tasks and styles are looked at, and each patch says, by how near its features are to the language model's word embeddings, what it
 * shows (the loss `grounding` teaches that). An object is named by the patches in its box: right is the one of the 80 names, and of the ten
 * colours and nine places, that they find likeliest. Nothing is asked: it tells what the language model could read, not what it does read.
 */
import { parseArgs } from "node:util";
import { modelFolder } from "../src/checkpoint/index.ts";
import { placeOf } from "../src/data/captions.ts";
import { COLOR_NAMES, OBJECT_NAMES, planScene, type SceneObject, TASKS } from "../src/data/index.ts";
import { parseConfig, patchSide } from "../src/models/config.ts";
import { visionFeatures } from "../src/models/unipic.ts";
import { Scope } from "../src/nn/scope.ts";
import { DEFAULT_MODEL } from "../src/pipeline/load-folder.ts";
import { Random } from "../src/random.ts";
import { input } from "../src/tensor/index.ts";
import { Tokenizer } from "../src/text/index.ts";
import { objectsByPatch, wordsOf } from "../src/training/grounding-inputs.ts";
import { patchScores } from "../src/training/grounding-loss.ts";
import { drawPixels } from "../src/training/pixel-array.ts";
import { wholeNumber } from "./arguments.ts";
import { machineLine } from "./machine.ts";
import { compileModel, rowsOf } from "./model-program.ts";
import { run } from "./run.ts";

const BATCH = 64;
const SEED = 1;
/** Longer sides of objects, relative to the picture, at which the table is divided. */
const SIZES = [0, 0.28, 0.36, 0.5, 1] as const;

/** The nine places, by rows. */
const THIRDS = [0.2, 0.5, 0.8];
const PLACES = THIRDS.flatMap((y) => THIRDS.map((x) => placeOf({ x, y })));

interface Told {
  size: number;
  isNamed: boolean;
  isPlaced: boolean;
  /** None where the object is of its natural colour. */
  isColored?: boolean;
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      scenes: { type: "string", default: "512" },
      json: { type: "boolean", default: false },
    },
  });
  const batches = Math.ceil(wholeNumber("scenes", values.scenes, 1) / BATCH);
  const [folder = DEFAULT_MODEL] = positionals;
  const config = parseConfig((await modelFolder(folder)).config, folder);
  const { image_size: size } = config.siglip2;
  const side = patchSide(config.siglip2);
  const tokenizer = await Tokenizer.fromFolder(folder);
  const pixels = input("pixels", "float32", [BATCH, 3, size, size]);
  const root = Scope.root();
  const features = visionFeatures(root, config, pixels);
  const program = await compileModel(folder, { scores: patchScores(root, config, features) });
  const names = OBJECT_NAMES.map((name) => wordsOf(tokenizer, name));
  const colors = COLOR_NAMES.map((name) => wordsOf(tokenizer, name));
  const places = PLACES.map((place) => wordsOf(tokenizer, place));
  const random = new Random(SEED);
  const told: Told[] = [];
  for (let batch = 0; batch < batches; batch++) {
    const scenes = Array.from({ length: BATCH }, () => planScene(random, { tasks: TASKS, heldOut: "any" }));
    const { scores } = await program.run({ pixels: drawPixels(scenes, size) });
    const rows = rowsOf(scores);
    for (const [i, scene] of scenes.entries()) {
      const shown = objectsByPatch(scene, side);
      for (const object of scene.objects) {
        const own = rows.slice(i * shown.length, (i + 1) * shown.length).filter((_, at) => shown[at] === object);
        told.push(tell(object, own, { names, colors, places }));
      }
    }
  }
  await program.release();
  report(folder, told, values.json);
}

function tell(
  object: SceneObject,
  patches: readonly Float32Array[],
  { names, colors, places }: Record<"names" | "colors" | "places", number[][]>,
): Told {
  const { size, name, color } = object;
  const isNamed = likeliest(patches, names) === OBJECT_NAMES.indexOf(name);
  const isPlaced = PLACES[likeliest(patches, places)] === placeOf(object);
  if (color === null) return { size, isNamed, isPlaced };
  return { size, isNamed, isPlaced, isColored: likeliest(patches, colors) === COLOR_NAMES.indexOf(color) };
}

/** Which of some phrases, by the likelihood of its tokens, in equal parts, over all patches: "top" beside "top left" has to be all. */
function likeliest(patches: readonly Float32Array[], phrases: readonly number[][]): number {
  const scores = phrases.map((ids) => {
    const sum = ids.reduce((total, id) => total + patches.reduce((all, scores) => all + scores[id], 0), 0);
    return sum / ids.length + patches.length * Math.log(ids.length);
  });
  return scores.indexOf(Math.max(...scores));
}

function report(folder: string, told: readonly Told[], json: boolean): void {
  const machine = machineLine("onnxruntime-node");
  const share = (of: readonly boolean[]) => of.filter(Boolean).length / of.length;
  const rows = SIZES.slice(1).map((to, i) => {
    const own = told.filter(({ size }) => size >= SIZES[i] && size < to);
    return {
      from: SIZES[i],
      to,
      objects: own.length,
      named: share(own.map(({ isNamed }) => isNamed)),
      colored: share(own.flatMap(({ isColored }) => isColored ?? [])),
      placed: share(own.map(({ isPlaced }) => isPlaced)),
    };
  });
  if (json) {
    console.log(JSON.stringify({ machine, folder, rows }, null, 2));
    return;
  }
  console.log(`${machine}; ${folder}\n`);
  console.log(
    "| longer side, of the picture's | objects | named right | colour right | place right |\n|---|---|---|---|---|",
  );
  const percent = (value: number) => (Number.isNaN(value) ? "-" : `${(100 * value).toFixed(1)} %`);
  for (const { from, to, objects, named, colored, placed } of rows) {
    console.log(`| ${from} to ${to} | ${objects} | ${percent(named)} | ${percent(colored)} | ${percent(placed)} |`);
  }
}

await run(main);
