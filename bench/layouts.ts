/**
 * How well long descriptions are drawn by how what they tell of is arranged. `npm run bench:layouts -- [model folder] [--count N] [--json]`
 *
 * The descriptions of `world-dense`, one picture of each, in three groups: those with three objects in a row, those whose objects are
 * in the cells of a grid of two by two or alone in the middle of a row, and all others. Beside each group the share of statements that hold of clean renders.
 */
import { parseArgs } from "node:util";
import { whereabouts } from "../src/data/captions.ts";
import type { Scene, SceneObject } from "../src/data/index.ts";
import { Detector } from "../src/evaluation/detector/detector.ts";
import { drawPictures } from "../src/evaluation/renders.ts";
import { statementsThatHold } from "../src/evaluation/statements.ts";
import { type DenseTask, planDense } from "../src/evaluation/suites/dense.ts";
import { DEFAULT_MODEL } from "../src/pipeline/load-folder.ts";
import { UniPic } from "../src/pipeline/unipic.ts";
import { wholeNumber } from "./arguments.ts";
import { machineLine } from "./machine.ts";
import { run } from "./run.ts";

const SEED = 1;
const GROUPS = ["three in a row", "on the grid of two by two", "elsewhere"] as const;
type Group = (typeof GROUPS)[number];
const ABOUTS = ["object", "color", "size", "place", "relation"] as const;

/** Of some statements, how many hold of the pictures drawn and of clean renders, and how many there are. */
interface Count {
  drawn: number;
  clean: number;
  all: number;
}

/** By what statements are about. */
type Tally = Record<string, Count>;

interface Row {
  group: Group;
  descriptions: number;
  statements: Tally;
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { count: { type: "string", default: "240" }, json: { type: "boolean", default: false } },
  });
  const count = wholeNumber("count", values.count, 1);
  const [folder = DEFAULT_MODEL] = positionals;
  const [model, reader] = await Promise.all([UniPic.load(folder), Detector.load()]);
  const rows = GROUPS.map((group): Row => ({ group, descriptions: 0, statements: {} }));
  for (const [i, task] of planDense(SEED, count).entries()) {
    const pictures = [
      ...(await model.generate([task.text], { seed: SEED + i })),
      ...drawPictures([task.scene], model.drawSize),
    ];
    const [drawn, clean] = (await reader.look(pictures)).map((seen) =>
      statementsThatHold(task.scene, task.statements, seen),
    );
    const row = rows[GROUPS.indexOf(groupOf(task.scene))];
    row.descriptions++;
    add(row.statements, task, drawn, clean);
  }
  await Promise.all([model.release(), reader.release()]);
  const machine = machineLine("onnxruntime-node");
  if (values.json) return console.log(JSON.stringify({ machine, folder, count, rows }, null, 2));
  console.log(`${machine}; ${folder}, ${count} descriptions, one picture each, seed ${SEED}\n`);
  console.log(`| objects | descriptions | ${ABOUTS.join(" | ")} | all statements | of clean renders |`);
  console.log(`|---|---|${"---|".repeat(ABOUTS.length + 2)}`);
  for (const { group, descriptions, statements } of rows) {
    const cells = [...ABOUTS, "all"].map((about) => share(statements[about], "drawn"));
    console.log(`| ${group} | ${descriptions} | ${cells.join(" | ")} | ${share(statements.all, "clean")} |`);
  }
}

function groupOf({ objects }: Scene): Group {
  const rows: SceneObject[][] = [];
  // Objects are told row by row from the left, so a row ends where the next object is not further right or stands apart in height.
  objects.forEach((object, i) => {
    const before = objects[i - 1];
    const goesOn = before !== undefined && object.x > before.x && Math.abs(object.y - before.y) < 1 / 3;
    if (goesOn) rows[rows.length - 1].push(object);
    else rows.push([object]);
  });
  if (rows.some((row) => row.length > 2)) return "three in a row";
  return rows.every(isOnGrid) ? "on the grid of two by two" : "elsewhere";
}

/** Whether a row of at most two is at the top or the bottom, and two are one on the left and one on the right. */
function isOnGrid(row: readonly SceneObject[]): boolean {
  const places = row.map(whereabouts);
  const has = (side: string) => places.some((place) => place.endsWith(side));
  return places.every((place) => /top|bottom/.test(place)) && (row.length === 1 || (has("left") && has("right")));
}

function add(tally: Tally, { statements }: DenseTask, drawn: readonly boolean[], clean: readonly boolean[]): void {
  statements.forEach(({ about }, i) => {
    for (const key of [about, "all"]) {
      tally[key] ??= { drawn: 0, clean: 0, all: 0 };
      const own = tally[key];
      own.all++;
      if (drawn[i]) own.drawn++;
      if (clean[i]) own.clean++;
    }
  });
}

const share = (count: Count | undefined, of: "drawn" | "clean"): string =>
  count === undefined ? "-" : `${((100 * count[of]) / count.all).toFixed(1)} %`;

await run(main);
