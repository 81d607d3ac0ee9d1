import type { Command } from "commander";
import { ByteProgress } from "./byte-progress.ts";
import { interruptible } from "./interruptible.ts";

interface ImportCommandOptions {
  output: string;
  json?: boolean;
  progress?: boolean;
}

const EXAMPLES = `
The folder holds pytorch_model.bin (or model.safetensors, or shards of either), kl16.ckpt, Qwen2.5-1.5B-Instruct/ and
siglip2-so400m-patch16-512/. The original files are only read.

Example:
  unipic import Skywork-UniPic-1.5B --output models/unipic-1.5b`;

/** `unipic import`: official files to a model folder. */
export function registerImport(program: Command): void {
  program
    .command("import")
    .description("Turn a folder of official UniPic files into a model folder.")
    .argument("<folder>", "the folder of official files")
    .requiredOption("--output <folder>", "the model folder to write; it must not be there yet")
    .option("--json", "print one JSON object about what was taken over")
    .option("--progress", "show progress even where stderr is no terminal")
    .addHelpText("after", EXAMPLES)
    .action(importFolder);
}

async function importFolder(from: string, { output, json, progress }: ImportCommandOptions): Promise<void> {
  const [{ importModel }, { showImport }] = await Promise.all([
    import("../import/import-model.ts"),
    import("./import-report.ts"),
  ]);
  const line = new ByteProgress(progress);
  const report = await interruptible(`Stopped; nothing was written to ${output}.`, (signal) =>
    importModel(from, output, { signal, onProgress: (state) => line.show("writing", state) }).finally(() =>
      line.clear(),
    ),
  );
  console.log(json ? JSON.stringify({ output, ...report }) : showImport(report, output));
}
