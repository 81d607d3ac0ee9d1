/**
 * What fast sampling costs and saves: every option alone, and the preset `fast`, beside the exact sampler, with the same prompts and
 * seeds in one run. `npm run bench:sampling -- [FOLDER] [options]`; see docs/fast-sampling.md.
 */
import { writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { UserError } from "../src/errors.ts";
import { Detector } from "../src/evaluation/detector/detector.ts";
import { markdownTable } from "../src/evaluation/report.ts";
import { exhibitSheet } from "../src/evaluation/sheet.ts";
import { type PromptTask, planPrompts } from "../src/evaluation/suites/objects-tasks.ts";
import { unipic15b } from "../src/models/presets.ts";
import { tokenPixels } from "../src/models/programs.ts";
import { DEFAULT_MODEL, loadFolder } from "../src/pipeline/load-folder.ts";
import type { GenerateOptions } from "../src/pipeline/options.ts";
import { UniPic } from "../src/pipeline/unipic.ts";
import { nodeEngine } from "../src/runtime/node.ts";
import { wholeNumber } from "./arguments.ts";
import { machineLine } from "./machine.ts";
import { run } from "./run.ts";
import { arithmeticOf } from "./sampling-arithmetic.ts";
import {
  BATCH_COLUMNS,
  batchCells,
  latentsLine,
  type Measured,
  SCORE_COLUMNS,
  type Scores,
  scoreCells,
  scoresOf,
  TIME_COLUMNS,
  timeCells,
} from "./sampling-report.ts";
import { EXACT, ODE, OTHER_SEED, VARIANTS, type Variant } from "./sampling-variants.ts";
import { newWatch, PARTS, type Part, watchedEngine } from "./watch-engine.ts";

const USAGE = `npm run bench:sampling -- [FOLDER] [options]

  FOLDER           the model; models/unipic-mini otherwise
  --count N        prompts to draw, of which the reader says what it sees (200)
  --repeats N      how often one picture is timed (5)
  --seed N         of prompts and pictures (1)
  --only "A; B"    these variants, by name, beside the exact sampler
  --time-only      no prompts and no reader: for a model of random weights
  --size N         side in pixels, with --time-only; the model's own otherwise
  --threads N      all cores otherwise
  --arithmetic     draws nothing: counts what unipic-1.5b would compute at 256, 512 and 1024 pixels
  --sheet FILE.png the first pictures of the exact sampler, of the ODE and of the preset side by side`;

const TOGETHER = 16;
const OTHER = 1_000_000;
const SHOWN = 12;

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      count: { type: "string", default: "200" },
      repeats: { type: "string", default: "5" },
      seed: { type: "string", default: "1" },
      only: { type: "string" },
      "time-only": { type: "boolean", default: false },
      size: { type: "string" },
      arithmetic: { type: "boolean", default: false },
      threads: { type: "string" },
      sheet: { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return console.log(USAGE);
  if (values.arithmetic) return console.log(arithmeticTable(chosenVariants(values.only)));
  const [folder = DEFAULT_MODEL] = positionals;
  const seed = wholeNumber("seed", values.seed, 0);
  const repeats = wholeNumber("repeats", values.repeats, 1);
  const count = values["time-only"] ? 0 : wholeNumber("count", values.count, 1);
  const size = values.size === undefined ? undefined : wholeNumber("size", values.size, 1);
  if (size !== undefined && count > 0) throw new UserError("--size needs --time-only: the reader knows one size.");
  const threads = values.threads === undefined ? undefined : wholeNumber("threads", values.threads, 1);
  const variants = chosenVariants(values.only);

  let watch = newWatch();
  const parts = await loadFolder(folder, { threads });
  const model = new UniPic({ ...parts, engine: watchedEngine(nodeEngine, () => watch) });
  const tasks = planPrompts(seed, Math.max(count, 1));
  const measured: Measured[] = variants.map((variant) => ({
    variant,
    pictures: [],
    latents: [],
    together: [],
    alone: [],
    watches: [],
  }));
  const generate = async (of: Measured, prompts: readonly string[], first: number, short: GenerateOptions = {}) => {
    watch = newWatch();
    const { name, options } = of.variant;
    const own = seed + first + (name === OTHER_SEED ? OTHER : 0);
    const start = performance.now();
    const pictures = await model.generate(prompts, { ...options, ...short, seed: own, size });
    return { pictures, seconds: (performance.now() - start) / 1000 };
  };

  for (const each of measured) {
    tell(`compiling: ${each.variant.name}`);
    await generate(each, [tasks[0].prompt], 0, { rounds: 1, steps: 1 });
  }
  // Variants take turns, so that whatever else the machine does meets all of them.
  for (let turn = 0; turn < repeats; turn++) {
    for (const each of measured) {
      tell(`one picture, ${turn + 1} of ${repeats}: ${each.variant.name}`);
      each.alone.push((await generate(each, [tasks[0].prompt], 0)).seconds);
      each.watches.push(watch);
    }
  }
  for (let first = 0; first < count; first += TOGETHER) {
    const part = tasks.slice(first, first + TOGETHER);
    for (const each of measured) {
      tell(`pictures ${first + 1} to ${first + part.length} of ${count}: ${each.variant.name}`);
      const prompts = part.map(({ prompt }) => prompt);
      const { pictures, seconds } = await generate(each, prompts, first);
      each.pictures.push(...pictures);
      each.latents.push(...watch.latents);
      if (part.length === TOGETHER) each.together.push(seconds / TOGETHER);
    }
  }
  tell("");
  await model.release();

  console.log(`${machineLine("onnxruntime-node")}\n`);
  if (count > 0) console.log(`${await scoreTable(tasks, measured, threads)}\n\n${latentsLine(measured)}\n`);
  console.log(timeTable(measured));
  if (values.sheet !== undefined) await writeFile(values.sheet, await sheet(tasks, measured));
}

function chosenVariants(only: string | undefined): readonly Variant[] {
  if (only === undefined) return VARIANTS;
  const names = only.split(";").map((name) => name.trim());
  const unknown = names.find((name) => !VARIANTS.some((variant) => variant.name === name));
  if (unknown !== undefined) {
    throw new UserError(`There is no variant "${unknown}"; choose of ${VARIANTS.map(({ name }) => name).join("; ")}.`);
  }
  return VARIANTS.filter(({ name }) => name === EXACT || names.includes(name));
}

async function scoreTable(tasks: readonly PromptTask[], measured: readonly Measured[], threads?: number) {
  const reader = await Detector.load(undefined, { threads });
  const scores: Scores[] = [];
  for (const { pictures } of measured) scores.push(scoresOf(tasks, await reader.look(pictures)));
  await reader.release();
  return markdownTable(
    ["sampling", ...SCORE_COLUMNS],
    measured.map(({ variant: { name } }, i) => [name, ...scoreCells(measured, scores, i)]),
  );
}

function timeTable(measured: readonly Measured[]): string {
  const hasBatches = measured.every(({ together }) => together.length > 0);
  return markdownTable(
    ["sampling", ...TIME_COLUMNS, ...(hasBatches ? BATCH_COLUMNS : [])],
    measured.map(({ variant: { name } }, i) => [
      name,
      ...timeCells(measured, i),
      ...(hasBatches ? batchCells(measured, i) : []),
    ]),
  );
}

/** What the official model's shape computes for a guided picture, counted. */
function arithmeticTable(variants: readonly Variant[]): string {
  const side = tokenPixels(unipic15b.mar);
  const sum = (counts: Readonly<Record<Part, number>>) => PARTS.reduce((total, part) => total + counts[part], 0);
  const rows = [256, 512, 1024].flatMap((pixels) => {
    const all = variants.map(({ options }) => arithmeticOf(unipic15b, [pixels / side, pixels / side], options));
    return variants.map(({ name }, i) => [
      `${pixels} px`,
      name,
      (sum(all[i]) / 1e12).toFixed(1),
      (sum(all[0]) / sum(all[i])).toFixed(2),
      ...PARTS.map((part) => (all[i][part] / 1e12).toFixed(1)),
    ]);
  });
  return markdownTable(["picture", "sampling", "TFLOP", "times less", ...PARTS], rows);
}

/** The same prompts and seeds by the exact sampler, by the ODE and by the preset. */
function sheet(tasks: readonly PromptTask[], measured: readonly Measured[]): Promise<Uint8Array> {
  const shown = measured.filter(({ variant: { name } }) => [EXACT, ODE, "fast"].includes(name));
  const names = shown.map(({ variant: { name } }) => name).join(" | ");
  return exhibitSheet(
    tasks.slice(0, SHOWN).map(({ prompt }, i) => ({
      test: "sampling",
      task: prompt,
      pictures: shown.map(({ pictures }) => pictures[i]),
      outcome: names,
      isRight: true,
    })),
  );
}

/** What is going on, on a line of its own and apart from the result, which may be piped into a file. */
function tell(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${text}`);
}

await run(main);
