/**
 * Time and peak memory of `generate`, `edit` and `describe`: each from the shell's prompt to the result, and then again and again in one
 * process. `npm run bench:tasks -- [model folder] [--repeats N] [--json]`
 */
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { drawScene, planScene } from "../src/data/index.ts";
import { UserError } from "../src/errors.ts";
import { SINGLES } from "../src/evaluation/suites/objects-tasks.ts";
import { writePicture } from "../src/image/codec.ts";
import { type Picture, picture } from "../src/image/index.ts";
import { UniPic } from "../src/index.ts";
import { Random } from "../src/random.ts";
import { wholeNumber } from "./arguments.ts";
import { machineLine } from "./machine.ts";
import { run } from "./run.ts";
import { withFolder } from "./scratch.ts";

const PROMPT = "a red car on the grass";
const INSTRUCTION = "Change the color of the car to blue.";
const SOURCE_SIDE = 256;

const TASKS = {
  generate: async (model: UniPic) => model.generate(PROMPT, { seed: 1 }),
  edit: async (model: UniPic) => model.edit(source(), INSTRUCTION, { seed: 1 }),
  describe: async (model: UniPic) => model.describe(source()),
} as const;
type Task = keyof typeof TASKS;

/** What a process of its own found out about a task. */
interface Measured {
  /** Seconds: loading and the first result, and the median of the later ones. */
  first: number;
  later: number;
  /** Largest resident memory, in bytes, and how much resident memory grew from the first result to the last. */
  peak: number;
  growth: number;
}

function source(): Picture {
  const scene = planScene(new Random(1), { ...SINGLES, tasks: ["colors"], objects: ["car"] });
  return picture(SOURCE_SIDE, SOURCE_SIDE, drawScene(scene, SOURCE_SIDE));
}

async function measure(task: Task, folder: string | undefined, repeats: number): Promise<Measured> {
  const start = performance.now();
  const model = await UniPic.load(folder);
  await TASKS[task](model);
  const first = (performance.now() - start) / 1000;
  const settled = process.memoryUsage.rss();
  const times: number[] = [];
  for (let i = 0; i < repeats; i++) {
    const began = performance.now();
    await TASKS[task](model);
    times.push((performance.now() - began) / 1000);
  }
  const later = times.sort((a, b) => a - b)[Math.floor(times.length / 2)];
  // maxRSS is in kilobytes.
  return { first, later, peak: process.resourceUsage().maxRSS * 1024, growth: process.memoryUsage.rss() - settled };
}

/** Seconds of the command line, from its start to its end. */
async function commandSeconds(task: Task, folder: string | undefined): Promise<number> {
  return withFolder(async (scratch) => {
    const image = join(scratch, "source.png");
    await writePicture(image, source());
    const output = ["--output", join(scratch, "result.png")];
    const words = {
      generate: ["generate", PROMPT, ...output],
      edit: ["edit", image, INSTRUCTION, ...output],
      describe: ["describe", image],
    }[task];
    const command = fileURLToPath(new URL("../bin/unipic.mjs", import.meta.url));
    const start = performance.now();
    execFileSync(process.execPath, [command, ...words, ...(folder ? ["--model", folder] : [])], { stdio: "ignore" });
    return (performance.now() - start) / 1000;
  });
}

/** Measures in a process of its own, so that no task sees what another one left in memory. */
function measureApart(task: Task, folder: string | undefined, repeats: number): Measured {
  const words = [...(folder ? [folder] : []), "--only", task, "--repeats", String(repeats)];
  const script = fileURLToPath(import.meta.url);
  const told = execFileSync(process.execPath, [...process.execArgv, script, ...words], { encoding: "utf8" });
  return JSON.parse(told) as Measured;
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      repeats: { type: "string", default: "20" },
      json: { type: "boolean", default: false },
      only: { type: "string" },
    },
  });
  const [folder] = positionals;
  const repeats = wholeNumber("repeats", values.repeats, 1);
  if (values.only !== undefined) {
    if (!(values.only in TASKS)) throw new UserError(`--only must be one of ${Object.keys(TASKS).join(", ")}.`);
    return console.log(JSON.stringify(await measure(values.only as Task, folder, repeats)));
  }
  const results: (Measured & { task: Task; command: number })[] = [];
  for (const task of Object.keys(TASKS) as Task[]) {
    results.push({ task, command: await commandSeconds(task, folder), ...measureApart(task, folder, repeats) });
  }
  const machine = machineLine("onnxruntime-node");
  if (values.json) return console.log(JSON.stringify({ machine, repeats, results }, null, 2));
  const mebibytes = (bytes: number) => `${(bytes / 2 ** 20).toFixed(0)} MiB`;
  console.log(`${machine}\n`);
  console.log(`| task | command, start to end | load and first | each of ${repeats} more | peak memory | growth |`);
  console.log("|---|---|---|---|---|---|");
  for (const { task, command, first, later, peak, growth } of results) {
    const seconds = [command, first, later].map((value) => `${value.toFixed(2)} s`);
    console.log(`| ${[task, ...seconds, mebibytes(peak), mebibytes(growth)].join(" | ")} |`);
  }
}

await run(main);
