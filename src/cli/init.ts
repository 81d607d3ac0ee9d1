import type { Command } from "commander";
import { UserError } from "../errors.ts";
import type { WeightType } from "../import/random-values.ts";
import { ByteProgress } from "./byte-progress.ts";
import { interruptible } from "./interruptible.ts";
import { showBytes } from "./tables.ts";
import { wholeNumberFor } from "./values.ts";

interface InitCommandOptions {
  preset: string;
  seed: number;
  dtype: string;
  output: string;
  json?: boolean;
  progress?: boolean;
}

const TYPES: Readonly<Record<string, WeightType>> = { bf16: "BF16", fp16: "F16", fp32: "F32" };

const EXAMPLES = `
Examples:
  unipic init --output models/random                              6 GB of the official shape
  unipic init --preset unipic-mini --seed 1 --output models/tiny`;

/** `unipic init`: a model folder of random weights. */
export function registerInit(program: Command): void {
  program
    .command("init")
    .description("Write a model of a preset's shape with random weights, for trying things out and for measuring.")
    .option("--preset <name>", "the shape: unipic-1.5b or unipic-mini", "unipic-1.5b")
    .option("--seed <n>", "same seed, same files", wholeNumberFor("--seed"), 0)
    .option("--dtype <name>", "how weights are stored: bf16, fp16 or fp32", "bf16")
    .requiredOption("--output <folder>", "the model folder to write; it must not be there yet")
    .option("--json", "print one JSON object about what was written")
    .option("--progress", "show progress even where stderr is no terminal")
    .addHelpText("after", EXAMPLES)
    .action(init);
}

async function init({ preset, seed, dtype, output, json, progress }: InitCommandOptions): Promise<void> {
  const type = parseType(dtype);
  const { writeRandomModel } = await import("../import/random-model.ts");
  const line = new ByteProgress(progress);
  const report = await interruptible(`Stopped; nothing was written to ${output}.`, (signal) =>
    writeRandomModel(output, {
      preset,
      seed,
      type,
      signal,
      onProgress: (state) => line.show("writing", state),
    }).finally(() => line.clear()),
  );
  const { config, ...told } = report;
  if (json) {
    console.log(JSON.stringify({ output, seed, dtype, ...told }));
    return;
  }
  const { parameters, bytes, vocabulary } = told;
  console.log(`Wrote ${output}: ${preset}, ${parameters.toLocaleString("en")} random weights, ${showBytes(bytes)}`);
  console.log(`Its tokenizer has ${vocabulary} tokens; the other ${config.llm.vocab_size - vocabulary} have no text.`);
}

function parseType(name: string): WeightType {
  if (Object.hasOwn(TYPES, name)) return TYPES[name];
  throw new UserError(`--dtype takes ${Object.keys(TYPES).join(", ")}, not "${name}".`);
}
