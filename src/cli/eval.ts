import type { Command } from "commander";
import { UserError } from "../errors.ts";
import type { Suite, SuiteResult, World } from "../evaluation/suites/index.ts";
import type { SuiteProgress } from "../evaluation/suites/suite.ts";
import { type SamplingPreset, samplingPresets } from "../pipeline/presets.ts";
import { interruptible } from "./interruptible.ts";
import { addModelOptions, type ModelOptions, modelFolderOf, withModel } from "./model-options.ts";
import { bar, ProgressLine, showDuration, showLeft } from "./progress-line.ts";
import { numberFor, oneOf, wholeNumberFor } from "./values.ts";
import { version } from "./version.ts";

interface EvalOptions extends ModelOptions {
  seed: number;
  count?: number;
  world?: string;
  preset?: SamplingPreset;
  rounds?: number;
  steps?: number;
  guidance?: number;
  temperature?: number;
  reader?: string;
  output?: string;
  json?: boolean;
  progress?: boolean;
}

const EXAMPLES = `
Suites:
  world-geneval    GenEval's prompts, four pictures each, in its six categories
  world-dense      long descriptions, by the share of statements that hold
  world-edit       nine types of edits: the asked change is found, and the rest unchanged
  world-vqa        questions about pictures, by exact match
  world-objects    single objects: drawn, described and edited

Examples:
  unipic eval                                     all suites, the model that ships
  unipic eval world-geneval --model models/mine --output scores
  unipic eval world-edit world-vqa --count 90 --json
  unipic eval world-objects --world configs/curriculum.json`;

/** `unipic eval`: a model's scores on the picture world. */
export function registerEval(program: Command): void {
  const command = program
    .command("eval")
    .description("Score a model on combinations that training never showed; a reader of pictures says what it drew.")
    .argument("[suites...]", "what to score it on (default: all suites)")
    .addHelpText("after", EXAMPLES);
  addModelOptions(command)
    .option("--seed <n>", "of tasks and pictures: same seed, same scores", wholeNumberFor("--seed"), 1)
    .option("--count <n>", "tasks of each suite (default: each suite's own)", wholeNumberFor("--count", 1))
    .option(
      "--world <file>",
      "a training configuration: ask only for what its last stage that draws shows (default: everything)",
    )
    .option(
      "--preset <name>",
      "how pictures are drawn: exact (the default) or fast",
      oneOf("--preset", samplingPresets),
    )
    .option(
      "--rounds <n>",
      "rounds of prediction (default: 32, of edits the model's own)",
      wholeNumberFor("--rounds", 1),
    )
    .option("--steps <n>", "denoising steps (default: the model's own)", wholeNumberFor("--steps", 1))
    .option("--guidance <x>", "how strongly the words are followed, from 1 (default: 3)", numberFor("--guidance"))
    .option("--temperature <x>", "how varied pictures are (default: 1)", numberFor("--temperature"))
    .option("--reader <folder>", "another reader of pictures (default: the one that ships with the package)")
    .option("--output <folder>", "write the tables, results.json and a sheet of pictures of each suite into a folder")
    .option("--json", "print one JSON object in place of the tables")
    .option("--progress", "show progress even where stderr is no terminal")
    .action(evaluate);
}

async function evaluate(names: string[], options: EvalOptions): Promise<void> {
  const { SUITES } = await import("../evaluation/suites/index.ts");
  const suites = chooseSuites(names, SUITES);
  const world = options.world === undefined ? undefined : await readWorld(options.world);
  if (options.output !== undefined) await prepareFolder(options.output);
  const folder = await modelFolderOf(options);
  await interruptible("Stopped; nothing was written.", (signal) => score(suites, world, folder, options, signal));
}

function chooseSuites(names: readonly string[], known: readonly Suite[]): Suite[] {
  const stray = names.find((name) => known.every((suite) => suite.name !== name));
  if (stray !== undefined) {
    const all = known.map(({ name }) => name).join(", ");
    throw new UserError(`There is no suite "${stray}"; there are ${all}.`);
  }
  return known.filter(({ name }) => names.length === 0 || names.includes(name));
}

/** What a training configuration shows. */
async function readWorld(path: string): Promise<World> {
  const [{ readTrainConfig }, { shownBy }] = await Promise.all([
    import("../training/train-config.ts"),
    import("../evaluation/quick-scores.ts"),
  ]);
  const world = shownBy((await readTrainConfig(path)).stages);
  if (!world) throw new UserError(`No stage of ${path} learns from the picture world, of which the suites ask.`);
  return world;
}

/** Found out before any work is done. */
async function prepareFolder(path: string): Promise<void> {
  const { mkdir } = await import("node:fs/promises");
  await mkdir(path, { recursive: true }).catch((error: NodeJS.ErrnoException) => {
    throw new UserError(`Cannot write into "${path}": ${error.code === "EEXIST" ? "it is a file" : error.message}.`);
  });
}

async function score(
  suites: readonly Suite[],
  world: World | undefined,
  folder: string,
  options: EvalOptions,
  signal: AbortSignal,
): Promise<void> {
  const { device, threads, seed, count, preset, rounds, steps, guidance, temperature, output } = options;
  const [{ asArtist }, { Autoencoder }, { Detector }, { formatResult }, { nodeEngine }] = await Promise.all([
    import("../evaluation/artist.ts"),
    import("../evaluation/autoencoder.ts"),
    import("../evaluation/detector/detector.ts"),
    import("../evaluation/report.ts"),
    import("../runtime/node.ts"),
  ]);
  const settings = { preset, rounds, steps, guidance, temperature };
  const line = new ProgressLine(options.progress ?? process.stderr.isTTY ?? false);
  const results: SuiteResult[] = [];
  const sheets = new Map<string, Uint8Array>();
  const start = performance.now();
  await withModel(folder, options, async (model) => {
    const reader = await Detector.load(options.reader, { threads });
    const autoencoder = await Autoencoder.load(nodeEngine, folder, threads);
    const artist = asArtist(model, settings);
    try {
      for (const suite of suites) {
        const began = performance.now();
        const onProgress = (progress: SuiteProgress) => line.show(showProgress(progress, began));
        const { result, exhibits } = await suite.run({
          artist,
          reader,
          autoencoder,
          seed,
          count,
          world,
          signal,
          onProgress,
        });
        line.clear();
        results.push(result);
        if (!options.json) console.log(`${formatResult(result)}\n`);
        if (output === undefined) continue;
        const { exhibitSheet } = await import("../evaluation/sheet.ts");
        sheets.set(suite.name, await exhibitSheet(exhibits));
      }
    } finally {
      line.clear();
      await Promise.all([reader.release(), autoencoder.release()]);
    }
  });
  signal.throwIfAborted();
  const about = {
    model: folder,
    world: options.world ?? "all of it",
    settings,
    device,
    threads,
    unipic: version(),
    seconds: Number(((performance.now() - start) / 1000).toFixed(1)),
  };
  const report = { seed, results, about };
  if (output !== undefined) await writeAll(output, report, sheets);
  if (options.json) console.log(JSON.stringify(report));
  else console.log(`${showDuration(about.seconds)}${output === undefined ? "" : `; written to ${output}`}`);
}

async function writeAll(
  folder: string,
  report: { results: SuiteResult[] },
  sheets: ReadonlyMap<string, Uint8Array>,
): Promise<void> {
  const [{ join }, { writeWhole }, { formatResult, markdownTable }] = await Promise.all([
    import("node:path"),
    import("../training/checkpoint.ts"),
    import("../evaluation/report.ts"),
  ]);
  for (const [name, sheet] of sheets) await writeWhole(join(folder, `${name}.png`), sheet);
  const tables = report.results.map((result) => formatResult(result, markdownTable));
  await writeWhole(join(folder, "results.md"), `${tables.join("\n\n")}\n`);
  await writeWhole(join(folder, "results.json"), `${JSON.stringify(report, null, 2)}\n`);
}

function showProgress({ suite, done, total }: SuiteProgress, began: number): string {
  const left = (((performance.now() - began) / 1000) * (total - done)) / done;
  return `${suite} ${done}/${total} ${bar(done / total)}${showLeft(left)}`;
}
