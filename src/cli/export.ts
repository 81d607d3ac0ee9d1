import { join } from "node:path";
import type { Command } from "commander";

const EXAMPLES = `
A run may be training meanwhile: what is read is its last checkpoint. What it has not been taught yet is left out, and
the model does without.

Examples:
  unipic export runs/unipic-mini
  unipic export runs/unipic-mini --output models/so-far`;

/** `unipic export`: a model folder of a run as far as it has come. */
export function registerExport(program: Command): void {
  program
    .command("export")
    .description("Make a model folder of a training run as far as it has come.")
    .argument("<run>", "the run's folder")
    .option("--output <folder>", "where the model goes, in half precision (default: <run>/model)")
    .addHelpText("after", EXAMPLES)
    .action(exportRun);
}

async function exportRun(run: string, { output = join(run, "model") }: { output?: string }): Promise<void> {
  const [{ loadRun }, { exportModel }] = await Promise.all([
    import("../training/load-run.ts"),
    import("../training/export.ts"),
  ]);
  const { weights, prepared, position } = await loadRun(run);
  await exportModel(output, weights, prepared);
  const [steps, samples] = [position.step, position.samples].map((count) => count.toLocaleString("en"));
  console.log(`Wrote ${output}: the run after ${steps} steps, ${samples} samples`);
}
