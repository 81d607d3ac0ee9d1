import type { Command } from "commander";
import { interruptible } from "./interruptible.ts";
import { addModelOptions, type ModelOptions, modelFolderOf, withModel } from "./model-options.ts";
import { numberFor, wholeNumberFor } from "./values.ts";

interface DescribeCommandOptions extends ModelOptions {
  maxTokens?: number;
  temperature?: number;
  topK?: number;
  topP?: number;
  seed: number;
  json?: boolean;
}

const EXAMPLES = `
Examples:
  unipic describe car.png
  unipic describe car.png "What color is the car?"`;

const WITHOUT_TOWER =
  "unipic: The model has no SigLIP2, so the picture is seen by the autoencoder and the MAR encoder.\n";

/** `unipic describe`: a picture, and a question about it, to text. */
export function registerDescribe(program: Command): void {
  const command = program
    .command("describe")
    .description("Say what a picture shows, or answer a question about it.")
    .argument("<picture>", "the picture to look at: PNG, JPEG, WebP, GIF, TIFF or AVIF")
    .argument("[question]", "what to ask (default: to describe the picture)")
    .addHelpText("after", EXAMPLES);
  addModelOptions(command)
    .option("--max-tokens <n>", "longest answer (default: 64)", wholeNumberFor("--max-tokens", 1, 4096))
    .option(
      "--temperature <x>",
      "0 gives the likeliest answer, 1 varies (default: 0)",
      numberFor("--temperature", 0, 100),
    )
    .option("--top-k <n>", "choose among the n likeliest words only (default: all)", wholeNumberFor("--top-k"))
    .option("--top-p <x>", "choose among the words that make up this share (default: 1)", numberFor("--top-p", 0, 1))
    .option("--seed <n>", "same seed, same answer", wholeNumberFor("--seed"), 0)
    .option("--json", "print one JSON object in place of the plain answer")
    .action(describe);
}

async function describe(path: string, question: string | undefined, options: DescribeCommandOptions): Promise<void> {
  const { readPicture } = await import("../image/codec.ts");
  const picture = await readPicture(path);
  const folder = await modelFolderOf(options);
  const { maxTokens, temperature, topK, topP, seed, json } = options;
  let sight: string | undefined;
  const onText = json ? undefined : (piece: string) => process.stdout.write(piece);
  const answer = await interruptible("Stopped before the answer was complete.", (signal) =>
    withModel(folder, options, (model) => {
      if (model.sight !== "SigLIP2") process.stderr.write(WITHOUT_TOWER);
      sight = model.sight;
      return model.describe(picture, question, { maxTokens, temperature, topK, topP, seed, signal, onText });
    }),
  );
  const seconds = Number((performance.now() / 1000).toFixed(2));
  if (!json) process.stdout.write("\n");
  else {
    const asked = { picture: path, question: question ?? null, model: folder, sight, seed };
    console.log(JSON.stringify({ answer, ...asked, seconds }));
  }
}
