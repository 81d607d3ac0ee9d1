/**
 * Peak resident memory of `generate`, `edit` and `describe`, each in a process of its own, as the kernel counts it (VmHWM), and of every
 * program on the way; and how much fifty generations in a row add to the memory of the small model.
 * `npm run bench:memory -- [model folder] [--pixels 1024] [--memory 14GB] [--only generate|edit|describe|growth] [--json]`
 *
 * Without a folder a model of the official shape with random fp32 weights, 12 GB, is written to a temporary one. Of the rounds of drawing
 * only the last is computed, in which almost all tokens are visible and memory is largest; the others give zeros.
 */
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { parseMemory } from "../src/cli/values.ts";
import { UserError } from "../src/errors.ts";
import { type Picture, picture } from "../src/image/index.ts";
import { writeRandomModel } from "../src/import/random-model.ts";
import { UniPic } from "../src/index.ts";
import { tokenPixels } from "../src/models/programs.ts";
import { loadFolder } from "../src/pipeline/load-folder.ts";
import { maskRounds } from "../src/sampling/mask-schedule.ts";
import { wholeNumber } from "./arguments.ts";
import { machineLine } from "./machine.ts";
import { processMemory, showGigabytes } from "./process-memory.ts";
import { run } from "./run.ts";
import { withFolder } from "./scratch.ts";
import { type Feeds, type Stage, StageMemory } from "./stage-memory.ts";

const TASKS = ["generate", "edit", "describe"] as const;
type Task = (typeof TASKS)[number];

const PROMPT = "a red car on the grass in front of a house, in the style of a children's book";
const ROUNDS = 64;
/** Denoising steps, and words of an answer: what more of them need, the first have needed. */
const STEPS = 2;
const WORDS = 3;

/** Generations in a row, after some in which code is compiled and caches fill. */
const WARM = 10;
const GENERATIONS = 50;
/** Guided, as the official model edits: more rows, more memory. */
const GUIDANCE = 3;

interface Measured {
  seconds: number;
  /** Largest resident memory of the process. */
  peak: number;
  stages: Stage[];
}

/** Runs one task in this process. */
async function measure(task: Task, folder: string, pixels: number, memory: number | undefined): Promise<Measured> {
  const parts = await loadFolder(folder, { memory });
  const places = (pixels / tokenPixels(parts.config.mar)) ** 2;
  const rounds = Math.min(ROUNDS, places);
  const watched = new StageMemory(parts.engine, lastRoundOnly(places, rounds));
  const model = new UniPic({ ...parts, defaults: { drawSize: pixels, editGuidance: GUIDANCE }, engine: watched });
  const grey = plain(pixels);
  const start = performance.now();
  if (task === "generate") await model.generate(PROMPT, { rounds, steps: STEPS });
  else if (task === "edit") await model.edit(grey, "Make the car blue.", { rounds, steps: STEPS });
  else await model.describe(grey, "What is in the picture?", { maxTokens: WORDS });
  const seconds = (performance.now() - start) / 1000;
  return { seconds, peak: Math.max(watched.peak, processMemory().peak), stages: [...watched.stages.values()] };
}

const plain = (side: number): Picture => picture(side, side, new Uint8Array(3 * side * side).fill(127));

/** Computes everything that is no round, and of the rounds the last. */
function lastRoundOnly(places: number, rounds: number): (stage: string, feeds: Feeds) => boolean {
  const visible = places - maskRounds(places, rounds).at(-1)!.maskedBefore;
  let inLast = false;
  return (stage, feeds) => {
    if (stage === "MAR encoder") {
      inLast = feeds.visible.shape[1] >= visible;
      return inLast;
    }
    // What is read is kept, and of a round's tokens nothing but one.
    if (stage === "language model") return inLast || feeds.keep.shape[0] === feeds.embeddings.shape[1];
    return inLast || (stage !== "MAR decoder" && stage !== "diffusion head");
  };
}

/** Resident memory before and after many pictures, each when garbage has been collected. */
async function growth(): Promise<{ before: number; after: number }> {
  const model = await UniPic.load();
  const draw = async (count: number, first: number) => {
    for (let i = 0; i < count; i++) await model.generate(PROMPT, { seed: first + i });
    globalThis.gc?.();
    return processMemory().now;
  };
  return { before: await draw(WARM, 0), after: await draw(GENERATIONS, WARM) };
}

/** Runs this script again with these words, and reads what it tells. */
function apart<Result>(...words: string[]): Result {
  const script = fileURLToPath(import.meta.url);
  const told = execFileSync(process.execPath, [...process.execArgv, "--expose-gc", script, ...words, "--json"], {
    encoding: "utf8",
  });
  return JSON.parse(told) as Result;
}

/** Lends out the folder, or one with a random model where none is given. */
async function withModel(given: string | undefined, use: (folder: string) => Promise<void>): Promise<void> {
  if (given !== undefined) return use(given);
  await withFolder(async (scratch) => {
    const folder = join(scratch, "unipic-1.5b");
    await writeRandomModel(folder, { preset: "unipic-1.5b", seed: 1, type: "F32" });
    await use(folder);
  });
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      pixels: { type: "string", default: "1024" },
      memory: { type: "string" },
      only: { type: "string" },
      json: { type: "boolean", default: false },
    },
  });
  const pixels = wholeNumber("pixels", values.pixels, 1);
  const memory = values.memory === undefined ? undefined : parseMemory(values.memory);
  const { only } = values;
  if (only !== undefined && only !== "growth" && !TASKS.includes(only as Task)) {
    throw new UserError(`--only must be one of ${TASKS.join(", ")}, growth.`);
  }
  // How this script calls itself.
  if (only !== undefined && values.json) {
    const [folder] = positionals;
    const result = only === "growth" ? await growth() : await measure(only as Task, folder, pixels, memory);
    return console.log(JSON.stringify(result));
  }
  console.log(`${machineLine("onnxruntime-node")}; limit ${memory === undefined ? "what is free" : values.memory}`);
  if (only !== "growth") {
    await withModel(positionals[0], async (folder) => {
      for (const task of TASKS.filter((task) => only === undefined || task === only)) {
        const limit = values.memory === undefined ? [] : ["--memory", values.memory];
        showTask(task, apart(folder, "--only", task, "--pixels", String(pixels), ...limit), pixels);
      }
    });
  }
  if (only !== undefined && only !== "growth") return;
  const { before, after } = apart<{ before: number; after: number }>("--only", "growth");
  const more = (100 * (after / before - 1)).toFixed(1);
  console.log(`\n${GENERATIONS} generations in a row: ${showGigabytes(before)} to ${showGigabytes(after)}, ${more} %`);
}

function showTask(task: Task, { seconds, peak, stages }: Measured, pixels: number): void {
  console.log(`\n${task}, ${pixels} px: peak ${showGigabytes(peak)} (${seconds.toFixed(0)} s)\n`);
  console.log("| program | loads | runs | after loading | added by a run | peak |\n|---|---|---|---|---|---|");
  for (const { name, loads, runs, loaded, added, peak: own } of stages) {
    console.log(`| ${[name, loads, runs, ...[loaded, added, own].map(showGigabytes)].join(" | ")} |`);
  }
}

await run(main);
