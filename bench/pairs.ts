/**
 * How many edits come right that ask for any two changes: what `edits` with `"pairs": true` draws up, which the type "hybrid" of `world-edit` asks for in one order alone.
 * `npm run bench:pairs -- [model folder] [--seed N] [--count N] [--json]`
 *
 * An edit is right where both changes are found and the rest is kept, as in `world-edit`. Objects and colors are of the whole picture world, held-out combinations among them.
 */
import { parseArgs } from "node:util";
import { type Edit, knownChanges, planEdit } from "../src/data/index.ts";
import { Detector } from "../src/evaluation/detector/detector.ts";
import { judgeEdit } from "../src/evaluation/edits/judge.ts";
import { share, showEstimate } from "../src/evaluation/estimate.ts";
import { drawPictures } from "../src/evaluation/renders.ts";
import { markdownTable } from "../src/evaluation/report.ts";
import { DEFAULT_MODEL } from "../src/pipeline/load-folder.ts";
import { UniPic } from "../src/pipeline/unipic.ts";
import { Random } from "../src/random.ts";
import { wholeNumber } from "./arguments.ts";
import { machineLine } from "./machine.ts";
import { run } from "./run.ts";

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      seed: { type: "string", default: "1" },
      count: { type: "string", default: "120" },
      json: { type: "boolean", default: false },
    },
  });
  const [seed, count] = [wholeNumber("seed", values.seed, 0), wholeNumber("count", values.count, 1)];
  const [folder = DEFAULT_MODEL] = positionals;
  const random = new Random(seed);
  const edits = Array.from({ length: count }, () =>
    planEdit(random, { types: ["hybrid"], pairs: true, heldOut: "any" }),
  );
  const [model, reader] = await Promise.all([UniPic.load(folder), Detector.load()]);
  const draw = (scene: Edit["source"]) => drawPictures([scene], model.drawSize)[0];
  const judged: { kind: string; isRight: boolean }[] = [];
  for (const [i, edit] of edits.entries()) {
    const [result] = await model.edit(draw(edit.source), edit.instruction, { seed: seed + i });
    const [sighting] = await reader.look([result]);
    judged.push({ kind: kindOf(edit), isRight: judgeEdit(edit, result, sighting, draw).isRight });
  }
  await Promise.all([model.release(), reader.release()]);
  const kinds = [...new Set(judged.map(({ kind }) => kind))].sort();
  const rows = [...kinds, "all"].map((kind) => {
    const own = judged.filter((each) => kind === "all" || each.kind === kind);
    return { kind, edits: own.length, right: share(own, ({ isRight }) => isRight) };
  });
  const machine = machineLine("onnxruntime-node");
  if (values.json) return console.log(JSON.stringify({ machine, folder, seed, count, rows }, null, 2));
  console.log(`${machine}; ${folder}, seed ${seed}\n`);
  const cells = rows.map(({ kind, edits, right }) => [kind, `${edits}`, showEstimate(right)]);
  console.log(markdownTable(["what is asked for", "edits", "right"], cells));
}

/** Whether an edit draws anything. */
function kindOf(edit: Edit): string {
  const { fresh, restStays } = knownChanges(edit);
  if (!restStays) return "a background and something else";
  return fresh ? "something new and something else" : "two changes in place";
}

await run(main);
