import type { Command } from "commander";
import { registerBuild } from "./data-build.ts";
import { registerCheck } from "./data-check.ts";
import { registerStats } from "./data-stats.ts";
import { checkWritable } from "./output-files.ts";
import { scenesOf } from "./stage-scenes.ts";
import { wholeNumberFor } from "./values.ts";

interface PreviewOptions {
  seed: number;
  count: number;
  size: number;
  edits?: number;
  config?: string;
  stage?: string;
  output: string;
}

const MOST = 400;

const EXAMPLES = `
Examples:
  unipic data preview --seed 3 --count 48 --output world.png
  unipic data preview --config configs/unipic-mini.json --stage "all tasks"`;

/** `unipic data`: what models are trained on, the picture world and data sets on disk. */
export function registerData(program: Command): void {
  const data = program.command("data").description("Look at what models are trained on, and prepare data of your own.");
  data
    .command("preview")
    .description("Draw a sheet of scenes with captions and questions, and of edits.")
    .option("--seed <n>", "same seed, same sheet", wholeNumberFor("--seed"), 0)
    .option("--count <n>", "scenes to show, up to 400", wholeNumberFor("--count", 1, MOST), 24)
    .option("--size <n>", "side in pixels that a model would see", wholeNumberFor("--size", 8, 1024), 64)
    .option("--edits <n>", "edits to show (default: half as many as scenes)", wholeNumberFor("--edits", 0, MOST))
    .option("--config <file>", "scenes as a training configuration's stage draws them")
    .option("--stage <name>", "which stage of it (the first)")
    .option("--output <file>", "the sheet, a .png file", "preview.png")
    .addHelpText("after", EXAMPLES)
    .action(preview);
  registerBuild(data);
  registerCheck(data);
  registerStats(data);
}

async function preview({ seed, count, size, edits, output, ...stage }: PreviewOptions): Promise<void> {
  await checkWritable(output, [".png"]);
  const { scenes, captions, edits: changes, questions } = await scenesOf(stage);
  const [{ contactSheet }, { writeWhole }] = await Promise.all([
    import("../data/preview.ts"),
    import("../training/checkpoint.ts"),
  ]);
  await writeWhole(
    output,
    await contactSheet(seed, count, { size, editCount: edits, scenes, captions, edits: changes, questions }),
  );
  console.log(`Wrote ${output}: ${count} scenes and ${edits ?? Math.ceil(count / 2)} edits, seed ${seed}`);
}
