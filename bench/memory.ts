/**
 * Peak resident memory of `generate`, `edit` and `describe`, each in a process of its own, as the kernel counts it (VmHWM), and of every
 * program on the way; and how much fifty generations in a row add to the memory of the small model.
 * `npm run bench:memory -- [model folder] [--pixels 1024] [--memory 14GB] [--only TASK] [--rounds N] [--json]`
 *
 * Without a folder a model of the official shape with random weights is written to a temporary one. Of the rounds of drawing only the last
 * is computed, in which all but a few tokens are visible and memory is largest; the others give zeros.
 */
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { parseMemory } from "../src/cli/values.ts";
import { UserError } from "../src/errors.ts";
import { type Picture, picture } from "../src/image/index.ts";
import { UniPic } from "../src/index.ts";
import { DEFAULT_MODEL, loadFolder } from "../src/pipeline/load-folder.ts";
import { wholeNumber } from "./arguments.ts";
import { machineLine } from "./machine.ts";
import { processMemory, showGigabytes } from "./process-memory.ts";
import { run } from "./run.ts";
import { type Stage, StageMemory } from "./stage-memory.ts";

const TASKS = ["generate", "edit", "describe"] as const;
type Task = (typeof TASKS)[number];

/** Denoising steps, and words of an answer: what more of them need, the first have needed. */
const STEPS = 2;
const WORDS = 3;
/** Generations in a row, after some in which caches fill and code is compiled. */
const WARM = 10;
const GENERATIONS = 50;

interface Measured {
  task: Task;
  seconds: number;
  /** Largest resident memory of the process. */
  peak: number;
  stages: Stage[];
}

interface Settings {
  folder: string;
  pixels: number;
  rounds: number;
  memory: number | undefined;
}

async function measure(task: Task, { folder, pixels, rounds, memory }: Settings): Promise<Measured> {
  const parts = await loadFolder(folder, { memory });
  const { mar } = parts.config;
  // Editing and understanding work at the model's own size.
  const config = { ...parts.config, mar: { ...mar, img_size: pixels } };
  const watched = new StageMemory(parts.engine, ({ name, runs }) => !SKIPPED[task].includes(name) || isLast(runs));
  const isLast = (runs: number) => runs % rounds === 0;
  const model = new UniPic({ ...parts, config: task === "generate" ? parts.config : config, engine: watched });
  const start = performance.now();
  if (task === "generate") await model.generate("a red car on the grass", { size: pixels, rounds, steps: STEPS });
  else if (task === "edit") await model.edit(plain(pixels), "Make the car blue.", { rounds, steps: STEPS });
  else await model.describe(plain(pixels), "What is in the picture?", { maxTokens: WORDS });
  const seconds = (performance.now() - start) / 1000;
  const peak = Math.max(watched.peak, processMemory().peak);
  return { task, seconds, peak, stages: [...watched.stages.values()] };
}

/** Whether everything is computed that is not a round, and of the rounds the last. */
const SKIPPED: Record<Task, readonly string[]> = { generate: [], edit: [], describe: [] };

const plain = (side: number): Picture => picture(side, side, new Uint8Array(3 * side * side).fill(127));
