/** A model's loss of drawing or editing as it is trained, compiled with what is to be looked at on the way. */
import { modelFolder } from "../src/checkpoint/index.ts";
import { parseConfig, type UniPicConfig } from "../src/models/config.ts";
import { Scope } from "../src/nn/scope.ts";
import { nodeEngine } from "../src/runtime/node.ts";
import { Program } from "../src/runtime/program.ts";
import type { HostArray } from "../src/tensor/dtype.ts";
import { slice, type Tensor } from "../src/tensor/index.ts";
import { Tokenizer } from "../src/text/index.ts";
import type { Batch } from "../src/training/batches.ts";
import { readValues } from "../src/training/checkpoint.ts";
import { traceDrawing } from "../src/training/joint-program.ts";
import type { StageConfig } from "../src/training/stage.ts";
import { parseTrainConfig } from "../src/training/train-config.ts";

export interface OpenDrawing {
  config: UniPicConfig;
  tokenizer: Tokenizer;
  /** A stage of the whole picture world. */
  stage: StageConfig;
  /**
   * `loss`, the `condition` of the diffusion head at every token [batch, tokens, width], the `tokens` of the picture, and, where it edits, how
   * the source is `encoded`.
   */
  run: (batch: Batch) => Promise<Record<string, HostArray>>;
  release: () => Promise<void>;
}

/** Opens a model for batches of so many samples. */
export async function openDrawing(folder: string, task: "generation" | "editing", size: number): Promise<OpenDrawing> {
  const config = parseConfig((await modelFolder(folder)).config, folder);
  const tokenizer = await Tokenizer.fromFolder(folder);
  const plan = { model: config, stages: [{ steps: 1, batch: { [task]: size }, learningRate: 1 }] };
  const [stage] = parseTrainConfig(plan, folder).stages;
  const { loss, condition, source, tokens } = traceDrawing(Scope.root(), config, task, stage);
  const outputs: Record<string, Tensor> = { loss, condition, tokens };
  if (source !== undefined) outputs.encoded = slice(source, 1, config.mar.buffer_size, source.shape[1]);
  const lowering = { fused: false, parameters: () => undefined };
  const program = await Program.compile(nodeEngine, outputs, lowering, { device: "cpu" });
  const used = new Set(program.inputs.map(({ name }) => name));
  const weights = Object.fromEntries([...(await readValues(folder))].filter(([name]) => used.has(name)));
  return {
    config,
    tokenizer,
    stage,
    run: (batch) => program.run({ ...weights, ...batch }),
    release: () => program.release(),
  };
}

/** The rows of a tensor [..., width]. */
export function rowsOf({ data, shape }: HostArray): Float32Array[] {
  const width = shape.at(-1)!;
  const values = data as Float32Array;
  return Array.from({ length: values.length / width }, (_, row) => values.subarray(row * width, (row + 1) * width));
}
