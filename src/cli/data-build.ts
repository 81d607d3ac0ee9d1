import { isAbsolute, join, relative } from "node:path";
import { type Command, InvalidArgumentError } from "commander";
import type { BuildSource, PictureFormat, SampleKind } from "../data/sets/index.ts";
import { UserError } from "../errors.ts";
import { counted, DataReport } from "./data-report.ts";
import { interruptible } from "./interruptible.ts";
import { scenesOf } from "./stage-scenes.ts";
import { wholeNumberFor } from "./values.ts";

interface BuildCommandOptions {
  output: string;
  kinds?: SampleKind[];
  count?: number;
  size?: number;
  format?: PictureFormat;
  config?: string;
  stage?: string;
  seed: number;
  shardSize: number;
  threads?: number;
  json?: boolean;
}

const EXAMPLES = `
Without a folder the picture world is drawn. Ctrl-C stops; the same command again goes on behind the last finished shard.

Examples:
  unipic data build --count 100000 --kinds text-to-image,question-answer,edit --output data/world
  unipic data build --config configs/unipic-mini.json --stage "all tasks" --output data/all
  unipic data build holiday-pictures --size 256 --output data/holiday`;

/** `unipic data build`: the picture world, or a folder of pictures with captions, to tar shards. */
export function registerBuild(data: Command): void {
  data
    .command("build")
    .description("Write tar shards (WebDataset) of a folder of pictures with captions, or of the picture world.")
    .argument("[folder]", "pictures with captions, or shards to write anew (default: the picture world)")
    .requiredOption("--output <folder>", "where the shards go")
    .option(
      "--size <n>",
      "world: side of the pictures (64); else the most pixels of the shorter side (as they are)",
      sizeValue,
    )
    .option(
      "--format <name>",
      "png, jpg or webp (default: png for the world, jpg for pictures made smaller)",
      formatValue,
    )
    .option(
      "--kinds <list>",
      "of the world: text-to-image, question-answer, edit, with commas (text-to-image)",
      kindsValue,
    )
    .option("--count <n>", "of the world: samples of each kind (1000)", wholeNumberFor("--count", 1))
    .option("--config <file>", "of the world: scenes as a training configuration's stage draws them")
    .option("--stage <name>", "which stage of it (the first)")
    .option("--seed <n>", "same seed, same shards", wholeNumberFor("--seed"), 0)
    .option("--shard-size <n>", "samples in a shard", wholeNumberFor("--shard-size", 1, 1_000_000), 1000)
    .option(
      "--threads <n>",
      "threads that work on pictures (default: one fewer than cores)",
      wholeNumberFor("--threads", 0, 256),
    )
    .option("--json", "print one JSON object about what was written")
    .addHelpText("after", EXAMPLES)
    .action(build);
}

const sizeValue = wholeNumberFor("--size", 8, 4096);

function formatValue(text: string): PictureFormat {
  if (text === "png" || text === "jpg" || text === "webp") return text;
  throw new InvalidArgumentError("it must be png, jpg or webp.");
}

const KINDS: readonly SampleKind[] = ["text-to-image", "question-answer", "edit"];

function kindsValue(text: string): SampleKind[] {
  const kinds = [...new Set(text.split(",").map((kind) => kind.trim()))];
  if (kinds.every((kind) => KINDS.includes(kind as SampleKind))) return kinds as SampleKind[];
  throw new InvalidArgumentError(`it must name some of ${KINDS.join(", ")}, with commas between them.`);
}

async function build(folder: string | undefined, options: BuildCommandOptions): Promise<void> {
  const { output, shardSize } = options;
  const { buildShards, totals } = await import("../data/sets/index.ts");
  const source = folder === undefined ? await worldOf(options) : await sourceOf(folder, options);
  const report = new DataReport("samples");
  try {
    const state = await interruptible(
      `Stopped; the finished shards are in ${output}, and the same command goes on behind them.`,
      (signal) =>
        buildShards(source, {
          output,
          shardSize,
          signal,
          onProgress: (progress) => report.progress(progress),
          onBad: (bad) => report.bad(bad, join(output, "bad-samples.jsonl")),
        }),
    );
    report.end();
    const { shards, samples, bad } = totals(state);
    if (options.json) {
      console.log(JSON.stringify({ output, shards, samples, bad, kinds: state.kinds, seconds: report.seconds }));
      return;
    }
    const left =
      bad > 0 ? `; ${counted(bad, "bad sample")} left out, named in ${join(output, "bad-samples.jsonl")}` : "";
    console.log(`Wrote ${counted(shards, "shard")} with ${counted(samples, "sample")} to ${output}${left}`);
  } finally {
    report.end();
    await source.close();
  }
}

async function sourceOf(folder: string, options: BuildCommandOptions): Promise<BuildSource> {
  const worldly = (["kinds", "count", "config", "stage"] as const).find((name) => options[name] !== undefined);
  if (worldly) throw new UserError(`--${worldly} is for the picture world; leave it out, or leave the folder out.`);
  const inside = relative(folder, options.output);
  if (inside === "" || (!inside.startsWith("..") && !isAbsolute(inside))) {
    throw new UserError(
      `"${options.output}" lies inside of "${folder}", whose pictures are read; name a folder elsewhere.`,
    );
  }
  const [{ defaultThreads, openSampleSet, setSource }, { Random }] = await Promise.all([
    import("../data/sets/index.ts"),
    import("../random.ts"),
  ]);
  const { size, seed, format = "jpg", threads = defaultThreads() } = options;
  // Shuffled, so that a shard shows some of everything; shards are taken as they lie.
  const set = await openSampleSet(folder, new Random(seed));
  return setSource(set, { side: size, format, threads, seed });
}

async function worldOf(options: BuildCommandOptions): Promise<BuildSource> {
  const { defaultThreads, worldSource } = await import("../data/sets/index.ts");
  const { kinds = ["text-to-image"], count = 1000, size = 64, seed, format = "png" } = options;
  const { threads = defaultThreads() } = options;
  return worldSource({ kinds, count, size, seed, format, threads, ...(await scenesOf(options)) });
}
