import type { Command } from "commander";
import type { Picture } from "../image/picture.ts";
import type { QuantizeOptions } from "../quantization/folder.ts";
import { type PartPrecisions, type Precision, parsePartPrecision, parsePrecision } from "../quantization/precision.ts";
import { interruptible } from "./interruptible.ts";
import { bar, ProgressLine, showLeft } from "./progress-line.ts";
import { numberFor, wholeNumberFor } from "./values.ts";

interface QuantizeCommandOptions {
  to: Precision;
  output: string;
  part: PartPrecisions;
  shardSize: number;
  check: boolean;
  prompt: string;
  picture?: string;
  threads?: number;
  json?: boolean;
  progress?: boolean;
}

const EXAMPLES = `
int8 quantises the linear layers of every part but the autoencoder, one scale for each output channel; int4 those of the
language model in blocks of 32, the others in int8. Norms, embeddings and the head's last layer stay as they are.
The parts are llm, mar, head, siglip2, projections and vae.

Examples:
  unipic quantize models/unipic-1.5b --to int8 --output models/unipic-1.5b-int8
  unipic quantize models/unipic-1.5b --to int8 --part llm=int4 --part vae=fp16 --output models/small
  unipic quantize models/unipic-1.5b --to bf16 --output models/half --no-check`;

/** `unipic quantize`: a model folder in another precision. */
export function registerQuantize(program: Command): void {
  program
    .command("quantize")
    .description("Write a model folder with its weights in another precision, and say what that changes.")
    .argument("<folder>", "the model folder to read")
    .requiredOption("--to <precision>", "fp32, fp16, bf16, int8 or int4", parsePrecision)
    .requiredOption("--output <folder>", "the model folder to write; must not be there yet")
    .option(
      "--part <part=precision>",
      "another precision for one part, such as llm=int4; may be given several times",
      (text: string, before: PartPrecisions) => ({ ...before, ...parsePartPrecision(text) }),
      {},
    )
    .option("--shard-size <GB>", "longest file of weights, in gigabytes", numberFor("--shard-size", 0.001, 1000), 2)
    .option("--no-check", "do not compare the results of both models")
    .option("--prompt <text>", "prompt that results are compared on", "a red car on the grass")
    .option("--picture <file>", "picture that results are compared on (default: one of the picture world)")
    .option("--threads <n>", "threads on the CPU (default: all cores)", wholeNumberFor("--threads", 1))
    .option("--json", "print the report as one JSON object, with the name of every weight that was kept")
    .option("--progress", "show progress even where stderr is no terminal")
    .addHelpText("after", EXAMPLES)
    .action(quantize);
}

async function quantize(source: string, options: QuantizeCommandOptions): Promise<void> {
  const { output, to, part, threads, check, json } = options;
  const [{ quantizeFolder }, { partPrecisions }, { checkPlace }, report] = await Promise.all([
    import("../quantization/folder.ts"),
    import("../quantization/precision.ts"),
    import("../checkpoint/staged-folder.ts"),
    import("../quantization/report.ts"),
  ]);
  const precisions = partPrecisions(to, part);
  await checkPlace(output);
  const sample = check ? { prompt: options.prompt, picture: await samplePicture(options.picture) } : undefined;
  const line = new ProgressLine(options.progress ?? process.stderr.isTTY ?? false);
  const maxShardBytes = options.shardSize * 1e9;
  const found = await interruptible("Stopped; no folder was written.", async (signal) => {
    try {
      const shown = { precisions, maxShardBytes, sample, threads, signal, onProgress: progressOn(line) };
      return await quantizeFolder(source, output, shown);
    } finally {
      line.clear();
    }
  });
  if (json) return console.log(JSON.stringify({ source, output, ...found }));
  const { textTable } = await import("../evaluation/report.ts");
  const kept = report.keptLines(found);
  console.log([`Wrote ${output}`, "", textTable(...report.reportRows(found)), "", ...kept].join("\n").trimEnd());
}

function progressOn(line: ProgressLine): QuantizeOptions["onProgress"] {
  const start = performance.now();
  return ({ doing, done, total }) => {
    const share = total === 0 ? 1 : done / total;
    const seconds = (performance.now() - start) / 1000;
    const left = showLeft(doing === "writing" && share > 0 ? (seconds * (1 - share)) / share : undefined);
    line.show(`${doing} ${bar(share)} ${Math.round(100 * share)} %${left}`);
  };
}

/** Side of the picture that is drawn where none is given. */
const SIDE = 512;

async function samplePicture(path: string | undefined): Promise<Picture> {
  if (path !== undefined) return (await import("../image/codec.ts")).readPicture(path);
  const [{ drawScene, planScene }, { picture }, { Random }] = await Promise.all([
    import("../data/index.ts"),
    import("../image/picture.ts"),
    import("../random.ts"),
  ]);
  const scene = planScene(new Random(1), { tasks: ["colors"], objects: ["car"] });
  return picture(SIDE, SIDE, drawScene(scene, SIDE));
}
