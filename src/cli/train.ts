import { basename, extname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { isDeepStrictEqual } from "node:util";
import type { Command } from "commander";
import { UserError } from "../errors.ts";
import type { UniPicConfig } from "../models/config.ts";
import { type Device, parseDevice } from "../runtime/device.ts";
import type { TrainConfig } from "../training/train-config.ts";
import { Interrupted } from "./failure.ts";
import { interruptible } from "./interruptible.ts";
import { TrainReport } from "./train-report.ts";
import { wholeNumberFor } from "./values.ts";

interface TrainCommandOptions {
  config?: string;
  data?: string;
  output?: string;
  from?: string;
  begin?: string;
  export?: string;
  device: Device;
  threads?: number;
}

const EXAMPLES = `
Ctrl-C saves; the same command again continues where it stopped.

Examples:
  unipic train --config configs/unipic-mini.json
  unipic train --config configs/unipic-mini.json --output runs/second --export models/second
  unipic train --data holiday-pictures          pictures with captions: cat.jpg and cat.txt, ...`;

/** `unipic train`: a curriculum to a model folder. */
export function registerTrain(program: Command): void {
  program
    .command("train")
    .description("Train a model on the picture world or on data of your own, and export it as a model folder.")
    .option("--config <file>", "what to train: a JSON file, such as configs/unipic-mini.json")
    .option(
      "--data <path>",
      "learn from this folder of pictures with captions, or of shards, in place of the config's data",
    )
    .option(
      "--output <folder>",
      "the run: its state, log and sample sheets (default: runs/<name of the config, or of the data>)",
    )
    .option("--from <folder>", "model folder or checkpoint to start from; a run found in --output goes first")
    .option("--begin <stage>", "with --from: the name of the stage that a new run begins with (default: the first)")
    .option("--export <folder>", "where the trained model goes, in half precision (default: <run>/model)")
    .option("--device <name>", "where to compute: cpu, webgpu or cuda", parseDevice, "cpu")
    .option("--threads <n>", "threads on the CPU (default: all cores)", wholeNumberFor("--threads", 1))
    .addHelpText("after", EXAMPLES)
    .action(train);
}

async function train(options: TrainCommandOptions, command: Command): Promise<void> {
  const { config, data } = options;
  const named = data ?? config;
  if (named === undefined)
    return command.error("error: required option '--config <file>' not specified, nor --data <path>");
  const { OWN_PICTURES } = await import("./train-data.ts");
  const { readTrainConfig } = await import("../training/train-config.ts");
  const plan = await readTrainConfig(config ?? fileURLToPath(OWN_PICTURES));
  const folder = options.output ?? join("runs", basename(resolve(named), extname(named)));
  await checkRun(folder, plan);
  const begin = options.begin === undefined ? 0 : stageNamed(options.begin, plan);
  if (options.begin !== undefined && options.from === undefined)
    return command.error("error: option '--begin <stage>' needs --from <folder>: later stages go on from weights");
  const model = options.export ?? join(folder, "model");
  const report = new TrainReport();
  try {
    await interruptible("Stopped.", (signal) =>
      trainAndExport(options, { plan, begin }, folder, model, report, signal),
    );
  } catch (error) {
    report.end();
    if (!(error instanceof Interrupted)) throw error;
    const kept = report.lastStep ? `Stopped at ${report.lastStep} and saved` : "Stopped before the first step";
    throw new Interrupted(`${kept} in ${folder}; run the same command again to continue.`);
  }
  console.log(`Trained: the run is in ${folder}, the model in ${model}`);
}

/** A run goes on with the model that it began with, whatever else of its configuration changes. */
async function checkRun(folder: string, { model }: TrainConfig): Promise<void> {
  const { readJson } = await import("../checkpoint/json.ts");
  const found = (await readJson(join(folder, "config.json")).catch(() => undefined)) as UniPicConfig | undefined;
  if (!found) return;
  // The vocabulary follows from the tokenizer that the run has trained.
  const asked = { ...model, llm: { ...model.llm, vocab_size: found.llm?.vocab_size } };
  if (isDeepStrictEqual(found, JSON.parse(JSON.stringify(asked)))) return;
  throw new UserError(`The run in "${folder}" trains a model of other sizes; name another folder with --output.`);
}

function stageNamed(wanted: string, { stages }: TrainConfig): number {
  const index = stages.findIndex(({ name }) => name === wanted);
  if (index >= 0) return index;
  throw new UserError(`There is no stage "${wanted}"; there are ${stages.map(({ name }) => `"${name}"`).join(", ")}.`);
}

async function trainAndExport(
  options: TrainCommandOptions,
  { plan, begin }: { plan: TrainConfig; begin: number },
  folder: string,
  modelFolder: string,
  report: TrainReport,
  signal: AbortSignal,
): Promise<void> {
  const { device, threads } = options;
  const [trainer, { exportModel }, { nodeEngine }, { RunModel }, { SampleSheets }, { RunScores }, { learnFrom }] =
    await Promise.all([
      import("../training/trainer.ts"),
      import("../training/export.ts"),
      import("../runtime/node.ts"),
      import("./run-model.ts"),
      import("./sample-sheet.ts"),
      import("./run-scores.ts"),
      import("./train-data.ts"),
    ]);
  if (device !== "cpu") await (await import("./probe-device.ts")).requireDevice(device);
  const { data } = options;
  const say = (text: string) => report.say(text);
  const learned = data === undefined ? plan : await learnFrom(data, plan, folder, { signal, say });
  const sheets = new SampleSheets(folder, learned);
  const scores = new RunScores(folder, learned, threads);
  const { weights, prepared } = await trainer.train({
    train: learned,
    folder,
    engine: nodeEngine,
    device,
    threads,
    from: options.from,
    begin,
    signal,
    onStart: (position) => scores.start(position),
    onProgress: (progress) => report.step(progress),
    onVaeProgress: (progress) => report.autoencoder(progress),
    onDataProgress: (progress) => report.data(progress),
    onBadSample: (bad) => report.bad(bad, join(folder, "bad-samples.jsonl")),
    onCheckpoint: async (weights, prepared, position) => {
      const lent = new RunModel(folder, { weights, prepared }, { device, threads });
      try {
        for (const each of [sheets, scores]) {
          const said = await each.afterCheckpoint(lent, position, signal);
          if (said) report.say(said);
        }
      } finally {
        await lent.close();
      }
    },
  });
  report.end();
  await exportModel(modelFolder, weights, prepared);
}
