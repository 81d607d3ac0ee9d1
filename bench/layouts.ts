/**
 * How well long descriptions are drawn by how what they tell of is arranged. `npm run bench:layouts -- [model folder] [--count N] [--json]`
 *
 * The descriptions of `world-dense`, one picture of each, in three groups: those with three objects in a row, those whose objects are
 * in the cells of a grid of two by two or alone in the middle of a row, and all others. Beside each group the share of statements that hold of clean renders.
 */
import { parseArgs } from "node:util";
import { whereabouts } from "../src/data/captions.ts";
import type { Scene } from "../src/data/index.ts";
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

/** Statements of a group, by what they are about: how many hold of the pictures drawn and of clean renders, and how many there are. */
type Tally = Record<string, { drawn: number; clean: number; all: number }>;

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { count: { type: "string", default: "240" }, json: { type: "boolean", default: false } },
  });
  const count = wholeNumber("count", values.count, 1);
  const [folder = DEFAULT_MODEL] = positionals;
  const [model, reader] = await Promise.all([UniPic.load(folder), Detector.load()]);
  const tallies = new Map<Group, Tally>(GROUPS.map((group) => [group, {}]));
  const descriptions = new Map<Group, number>();
  for (const [i, task] of planDense(SEED, count).entries()) {
    const pictures = [
      ...(await model.generate([task.text], { seed: SEED + i })),
      ...drawPictures([task.scene], model.drawSize),
    ];
    const [drawn, clean] = (await reader.look(pictures)).map((seen) =>
      statementsThatHold(task.scene, task.statements, seen),
    );
    const group = groupOf(task.scene);
    descriptions.set(group, (descriptions.get(group) ?? 0) + 1);
    add(tallies.get(group)!, task, drawn, clean);
  }
  await Promise.all([model.release(), reader.release()]);
  const machine = machineLine("onnxruntime-node");
  const rows = GROUPS.map((group) => ({ group, descriptions: descriptions.get(group) ?? 0, ...tallies.get(group)! }));
  if (values.json) return console.log(JSON.stringify({ machine, folder, count, rows }, null, 2));
  console.log(`${machine}; ${folder}, ${count} descriptions, one picture each, seed ${SEED}\n`);
  console.log(`| objects | descriptions | ${ABOUTS.join(" | ")} | all statements | of clean renders |`);
  console.log(`|---|---|${"---|".repeat(ABOUTS.length + 2)}`);
  for (const group of GROUPS) {
    const tally = tallies.get(group)!;
    const cells = [...ABOUTS, "all"].map((about) => percent(tally[about]?.drawn, tally[about]?.all));
    console.log(
      `| ${group} | ${descriptions.get(group) ?? 0} | ${cells.join(" | ")} | ${percent(tally.all?.clean, tally.all?.all)} |`,
    );
  }
}

function groupOf({ objects }: Scene): Group {
  const rows: number[] = [];
  // Objects are told row by row from the left, so a row ends where the next object is not further right or stands apart in height.
  objects.forEach(({ x, y }, i) => {
    const before = objects[i - 1];
    const goesOn = before !== undefined && x > before.x && Math.abs(y - before.y) < 1 / 3;
    if (goesOn) rows[rows.length - 1]++;
    else rows.push(1);
  });
  if (Math.max(...rows) > 2) return "three in a row";
  const places = objects.map(whereabouts);
  let at = 0;
  const isOnGrid = rows.every((length) => {
    const own = places.slice(at, at + length);
    at += length;
    const sides = own.map((place) => place.split(" ").at(-1)!);
    return (
      own.every((place) => /top|bottom/.test(place)) &&
      (length === 1 || (sides.includes("left") && sides.includes("right")))
    );
  });
  return isOnGrid ? "on the grid of two by two" : "elsewhere";
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

const percent = (part: number | undefined, of: number | undefined): string =>
  part === undefined || !of ? "-" : `${((100 * part) / of).toFixed(1)} %`;

await run(main);
