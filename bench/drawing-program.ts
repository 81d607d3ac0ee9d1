/** A model's loss of drawing as it is trained, compiled with what is to be looked at on the way. */
import { modelFolder } from "../src/checkpoint/index.ts";
import { parseConfig, type UniPicConfig } from "../src/models/config.ts";
import { Scope } from "../src/nn/scope.ts";
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
  /** `loss`, the decoder's `condition` for the diffusion head at every token [batch, tokens, width], and the `tokens` of the picture. */
  run: ModelProgram["run"];
  release: ModelProgram["release"];
}

/** Opens a model for batches of so many samples. */
export async function openDrawing(folder: string, size: number): Promise<OpenDrawing> {
  const config = parseConfig((await modelFolder(folder)).config, folder);
  const tokenizer = await Tokenizer.fromFolder(folder);
  const plan = { model: config, stages: [{ steps: 1, batch: { generation: size }, learningRate: 1 }] };
  const [stage] = parseTrainConfig(plan, folder).stages;
  const { loss, condition, tokens } = traceDrawing(Scope.root(), config, "generation", stage);
  return { config, tokenizer, stage, ...(await compileModel(folder, { loss, condition, tokens })) };
}
