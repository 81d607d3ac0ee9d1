import { basename, resolve } from "node:path";
import { checkPlace } from "../checkpoint/staged-folder.ts";
import { generationConfig } from "../models/generation.ts";
import { importCard } from "./model-card.ts";
import { type ImportPlan, type ImportReport, planImport } from "./plan.ts";
import { type WriteFolderOptions, writeModelFolder } from "./write-model-folder.ts";

/**
 * Turns a folder of official files into a model folder: sharded safetensors, a tokenizer with `<image>`, the configuration that the
 * tensors' shapes and the parts' folders tell, generation defaults and a model card. Tensors pass through a piece at a time.
 *
 * @param from the folder of `pytorch_model.bin` (or shards, or safetensors), `kl16.ckpt` and the folders of Qwen2 and SigLIP2
 * @param to the model folder, which must not be there yet
 * @returns what was taken over, what was missing and what was not known
 * @throws UserError when files are missing or damaged, nothing could be done with what is there, or the folder cannot be written
 */
export async function importModel(from: string, to: string, options: WriteFolderOptions = {}): Promise<ImportReport> {
  await checkPlace(to);
  const plan = await planImport(from);
  try {
    await writeImport(plan, to, basename(resolve(from)), options);
    return plan.report;
  } finally {
    await plan.close();
  }
}

/** Writes what a plan holds; `source` is what the model card calls the place that it comes from. */
export async function writeImport(
  { config, size, tensors, tokenizer, report }: ImportPlan,
  to: string,
  source: string,
  options: WriteFolderOptions,
): Promise<void> {
  const card = importCard(report, source);
  await writeModelFolder(to, { config, generation: generationConfig(config, size), tokenizer, tensors, card }, options);
}
