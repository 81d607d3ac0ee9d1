import { openCheckpoint } from "../../checkpoint/sharded.ts";
import type { UniPicConfig } from "../../models/config.ts";
import type { Grid } from "../../models/position-table.ts";
import { type Traced, tokenPixels } from "../../models/programs.ts";
import { encodePictures } from "../../pipeline/encode-picture.ts";
import { Programs } from "../../pipeline/programs.ts";
import { type PromptPictures, readOn, readPrompts } from "../../pipeline/read-prompts.ts";
import { checkpointWeights } from "../../pipeline/weights.ts";
import { Random } from "../../random.ts";
import { nodeEngine } from "../../runtime/node.ts";
import { Program } from "../../runtime/program.ts";
import { toHost } from "../../runtime/values.ts";
import { chooseToken } from "../../sampling/text-decoding.ts";
import type { HostArray } from "../../tensor/dtype.ts";
import { PARITY_DEVICE, parityModel } from "./model.ts";
import type { ParityCase, ParityOutput } from "./parity-case.ts";

/** The pipeline's programs on a parity folder's weights, which the engine reads from their file as it does a checkpoint's. */
export interface Pipeline {
  config: UniPicConfig;
  programs: Programs;
  /** Compiles one more program on the same weights. */
  compile(traced: Traced): Promise<Program>;
}

/** Opens the pipeline's programs for as long as `use` runs. */
export async function withPipeline<Result>(
  context: ParityCase,
  use: (pipeline: Pipeline) => Promise<Result>,
): Promise<Result> {
  const { config } = parityModel(context);
  const reader = await openCheckpoint(context.file(context.folder.manifest.weightsFile));
  const weights = checkpointWeights(reader);
  const options = { ...PARITY_DEVICE, weightsFolder: context.folder.path };
  const programs = new Programs(config, weights, nodeEngine, options);
  const others: Program[] = [];
  const compile = async ({ outputs }: Traced) => {
    const program = await Program.compile(nodeEngine, outputs, { fused: true, parameters: weights.source }, options);
    others.push(program);
    return program;
  };
  try {
    return await use({ config, programs, compile });
  } finally {
    await Promise.all([programs.release(), ...others.map((program) => program.release()), reader.close()]);
  }
}

/**
 * Pictures [pictures, 3, height, width] as latent tokens [pictures, rows, columns, token], the encoder's output on all of them, and that for
 * the language model.
 */
export async function encodePixels(
  { config, programs }: Pipeline,
  pixels: HostArray,
): Promise<Record<"tokens" | "encoded" | "features", HostArray>> {
  const [, , height, width] = pixels.shape;
  const side = tokenPixels(config.mar);
  const grid: Grid = [height / side, width / side];
  const { tokens, encoded, features } = await encodePictures(programs, grid, pixels);
  const [pictures, , token] = tokens.shape;
  return {
    tokens: { ...(await toHost(tokens)), shape: [pictures, ...grid, token] },
    encoded: await toHost(encoded),
    features: await toHost(features),
  };
}

/** Greedy decoding, step by step. */
export interface Greedy {
  /** [steps] */
  ids: ParityOutput;
  /** [steps, vocabulary] */
  logits: ParityOutput;
  /** By how much the best token beats the second best: [steps]. */
  margin: ParityOutput;
}

/** `count` tokens of greedy decoding after one prompt, stopping at none. */
export async function decodeGreedily(
  { programs }: Pipeline,
  prompt: readonly number[],
  count: number,
  pictures?: PromptPictures,
): Promise<Greedy> {
  const random = new Random(0);
  const ids: number[] = [];
  const steps: Float32Array[] = [];
  let read = await readPrompts(programs, [prompt], pictures);
  for (;;) {
    const scores = read.logits.data as Float32Array;
    steps.push(scores);
    ids.push(chooseToken(scores, {}, random));
    if (ids.length === count) break;
    read = await readOn(programs, read, [ids[ids.length - 1]]);
  }
  const margins = steps.map((scores) => {
    const [second, best] = scores.toSorted().subarray(-2);
    return best - second;
  });
  return {
    ids: { shape: [count], values: ids },
    logits: { shape: [count, steps[0].length], values: steps.flatMap((scores) => Array.from(scores)) },
    margin: { shape: [count], values: margins },
  };
}

/** The rows of a case's `input_ids`, without the padding that `attention_mask` names if there is one. */
export async function promptsOf(context: ParityCase): Promise<number[][]> {
  const recorded = await context.input("input_ids");
  const ids = recorded.integers();
  const mask =
    "attention_mask" in context.entry.inputs ? (await context.input("attention_mask")).integers() : undefined;
  const [rows, length] = recorded.shape;
  return Array.from({ length: rows }, (_, row) =>
    Array.from({ length }, (_, i) => row * length + i)
      .filter((place) => mask === undefined || mask[place] === 1n)
      .map((place) => Number(ids[place])),
  );
}
