/** A model's loss of drawing or editing as it is trained, compiled with what is to be looked at on the way. */
import { modelFolder } from "../src/checkpoint/index.ts";
import { parseConfig, type UniPicConfig } from "../src/models/config.ts";
import { Scope } from "../src/nn/scope.ts";
import { slice, type Tensor } from "../src/tensor/index.ts";
import { Tokenizer } from "../src/text/index.ts";
import { traceDrawing } from "../src/training/joint-program.ts";
import type { StageConfig } from "../src/training/stage.ts";
import { parseTrainConfig } from "../src/training/train-config.ts";
import { compileModel, type ModelProgram } from "./model-program.ts";

export interface OpenDrawing {
  config: UniPicConfig;
  tokenizer: Tokenizer;
  /** A stage of the whole picture world. */
  stage: StageConfig;
  /**
   * `loss`, the decoder's `condition` for the diffusion head at every token [batch, tokens, width], the `tokens` of the picture, and, where it edits, how
   * the source is `encoded`, with `source_tokens` by what `change` what becomes of it is off, and with `source_pixels` the losses `keeping` and `painting`, with
   * `placed_pixels` also `placing` and `naming`.
   */
  run: ModelProgram["run"];
  release: ModelProgram["release"];
}

/** Opens a model for batches of so many samples. */
export async function openDrawing(folder: string, task: "generation" | "editing", size: number): Promise<OpenDrawing> {
  const config = parseConfig((await modelFolder(folder)).config, folder);
  const tokenizer = await Tokenizer.fromFolder(folder);
  const plan = { model: config, stages: [{ steps: 1, batch: { [task]: size }, learningRate: 1 }] };
  const [stage] = parseTrainConfig(plan, folder).stages;
  const traced = traceDrawing(Scope.root(), config, task, stage);
  const { diffusion: loss, condition, source, tokens } = traced;
  const outputs: Record<string, Tensor> = { loss, condition, tokens };
  if (source !== undefined) outputs.encoded = slice(source, 1, config.mar.buffer_size, source.shape[1]);
  for (const name of ["change", "keeping", "painting", "placing", "naming"] as const) {
    const own = traced[name];
    if (own !== undefined) outputs[name] = own;
  }
  return { config, tokenizer, stage, ...(await compileModel(folder, outputs)) };
}
