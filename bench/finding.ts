/**
 * Whether an edit finds the object that it names. `npm run bench:finding -- [model folder] [--count N] [--json]`
 *
 * Pictures of two objects, of which the instruction names one: to be removed, to be coloured, to be cut out. The result is the one of a few exact
 * pictures that it lies nearest to: the change done to the object named, to the other one, to both, or nothing done. Held-out combinations
 * are left out; large objects of one style on the grid, and objects as the picture world places them.
 */
import { parseArgs } from "node:util";
import { type Edit, type EditOptions, planEdit, type Scene, type SceneObject } from "../src/data/index.ts";
import { distance, everywhere } from "../src/evaluation/edits/distance.ts";
import { drawPictures } from "../src/evaluation/renders.ts";
import { DEFAULT_MODEL } from "../src/pipeline/load-folder.ts";
import { UniPic } from "../src/pipeline/unipic.ts";
import { Random } from "../src/random.ts";
import { wholeNumber } from "./arguments.ts";
import { machineLine } from "./machine.ts";
import { run } from "./run.ts";

const SEED = 1;
const TYPES = ["remove", "adjust", "extract"] as const;
const WORLDS: Readonly<Record<string, EditOptions>> = {
  "on the grid": { styles: ["emoji"], sizes: [0.43, 0.43], tidy: true, jitter: 0.1 },
  anywhere: {},
};
const OUTCOMES = ["the one named", "the other", "both", "nothing"] as const;
type Outcome = (typeof OUTCOMES)[number];

interface Row {
  world: string;
  type: (typeof TYPES)[number];
  counts: Record<Outcome, number>;
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { count: { type: "string", default: "48" }, json: { type: "boolean", default: false } },
  });
  const count = wholeNumber("count", values.count, 1);
  const [folder = DEFAULT_MODEL] = positionals;
  const model = await UniPic.load(folder);
  const rows: Row[] = [];
  for (const [world, options] of Object.entries(WORLDS)) {
    for (const type of TYPES)
      rows.push({ world, type, counts: await measure(model, { ...options, types: [type] }, count) });
  }
  await model.release();
  const machine = machineLine("onnxruntime-node");
  if (values.json) return console.log(JSON.stringify({ machine, folder, count, rows }, null, 2));
  console.log(`${machine}; ${folder}, ${count} edits a row, seed ${SEED}\n`);
  console.log(`| two objects | edit | ${OUTCOMES.join(" | ")} |\n|---|---|---|---|---|---|`);
  for (const { world, type, counts } of rows) {
    const cells = OUTCOMES.map((outcome) => `${((100 * counts[outcome]) / count).toFixed(0)} %`);
    console.log(`| ${world} | ${type} | ${cells.join(" | ")} |`);
  }
}

async function measure(model: UniPic, options: EditOptions, count: number): Promise<Row["counts"]> {
  const random = new Random(SEED);
  const counts = Object.fromEntries(OUTCOMES.map((outcome) => [outcome, 0])) as Row["counts"];
  const size = model.drawSize;
  for (let done = 0; done < count; done++) {
    const edit = planPair(random, options);
    const scenes = outcomesOf(edit);
    const [source] = drawPictures([edit.source], size);
    const [result] = await model.edit(source, edit.instruction, { seed: SEED + done });
    const wanted = drawPictures(
      OUTCOMES.map((outcome) => scenes[outcome]),
      size,
    );
    const distances = wanted.map((each) => distance(result, each, everywhere(result)));
    counts[OUTCOMES[distances.indexOf(Math.min(...distances))]]++;
  }
  return counts;
}

function planPair(random: Random, options: EditOptions): Edit {
  for (;;) {
    const edit = planEdit(random, { ...options, adjust: "color", mostObjects: 2 });
    if (edit.source.objects.length === 2) return edit;
  }
}

/** The pictures that a result is held against. Cutting out both leaves both, on white. */
function outcomesOf({ type, source, target }: Edit): Record<Outcome, Scene> {
  const [first, second] = source.objects;
  const done = (objects: SceneObject[]): Scene => ({ ...target, objects });
  if (type === "adjust") {
    const named = first.color === target.objects[0].color ? second : first;
    const { color } = target.objects[source.objects.indexOf(named)];
    const colored = (which: (object: SceneObject) => boolean) =>
      done(source.objects.map((object) => (which(object) ? { ...object, color } : object)));
    return {
      "the one named": target,
      "the other": colored((object) => object !== named),
      both: colored(() => true),
      nothing: source,
    };
  }
  const other = target.objects[0].name === first.name ? second : first;
  const both = type === "extract" ? [first, second] : [];
  return { "the one named": target, "the other": done([other]), both: done(both), nothing: source };
}

await run(main);
