import { Scope } from "../nn/scope.ts";
import type { DType } from "../tensor/dtype.ts";
import {
  add,
  addDimensions,
  type Dimension,
  divide,
  exp,
  gatherRows,
  input,
  multiply,
  multiplyDimensions,
  reshape,
  subtract,
  type Tensor,
  transpose,
} from "../tensor/index.ts";
import { type MarConfig, tokenWidth, type UniPicConfig } from "./config.ts";
import { guidedPrediction, predictedNoise } from "./denoiser.ts";
import { decode, encodeVisible } from "./mar.ts";
import type { Grid } from "./position-table.ts";
import { type LayerCache, logits, qwen2 } from "./qwen2.ts";
import { embedText, projectIn, readContext, spliceFeatures, visionFeatures } from "./unipic.ts";
import { decodeTokens, encodeTokens } from "./vae.ts";

/** A traced program: its results by name, and the weights it asked for. */
export interface Traced {
  outputs: Record<string, Tensor>;
  parameters: ReadonlyMap<string, Tensor>;
}

/** The keys and values that earlier runs left, as inputs `past key0`, `past value0`, ...: [rows, past, key-value heads x head]. */
export function pastInputs(config: UniPicConfig, rows: Dimension = "rows"): LayerCache[] {
  const { hidden_size, num_attention_heads, num_key_value_heads, num_hidden_layers } = config.llm;
  const shape = [rows, "past", (hidden_size / num_attention_heads) * num_key_value_heads];
  return Array.from({ length: num_hidden_layers }, (_, i) => ({
    key: input(`past key${i}`, "float32", shape),
    value: input(`past value${i}`, "float32", shape),
  }));
}

/** A cache that an earlier run gave, under the names of the inputs of a later one: no name may stand for an input and an output. */
export const pastFeeds = <Array>(cache: Readonly<Record<string, Array>>): Record<string, Array> =>
  Object.fromEntries(Object.entries(cache).map(([name, array]) => [`past ${name}`, array]));

const cacheOutputs = (cache: readonly LayerCache[]): Record<string, Tensor> =>
  Object.fromEntries(cache.flatMap(({ key, value }, i) => [[`key${i}`, key] as const, [`value${i}`, value] as const]));

/**
 * Reads token ids, after what a cache holds when `cached`, with image features in the place of `<image>` tokens when `pictures`.
 * In: `ids`, `positions` [rows, length], `mask` [rows, past + length], `last` [rows], the place of each row's last token among all.
 * Out: the cache, and `logits` [rows, vocabulary] after each row's last token.
 */
export function traceRead(config: UniPicConfig, kind: { cached: boolean; pictures: boolean }): Traced {
  const root = Scope.root();
  const shape = ["rows", "length"];
  let embeddings = embedText(root, config, input("ids", "int64", shape));
  if (kind.pictures) {
    const features = input("features", "float32", ["pictures", "count", config.llm.hidden_size]);
    embeddings = spliceFeatures(embeddings, features, input("source", "int64", shape));
  }
  const { states, cache } = qwen2(root.child("llm"), config.llm, {
    embeddings,
    positions: input("positions", "int64", shape),
    mask: input("mask", "int64", ["rows", kind.cached ? "past+length" : "length"]),
    past: kind.cached ? pastInputs(config) : undefined,
  });
  const flat = reshape(states, ["rows*length", config.llm.hidden_size]);
  const ends = gatherRows(flat, input("last", "int64", ["rows"]));
  return {
    outputs: { ...cacheOutputs(cache), logits: logits(root.child("llm"), config.llm, ends) },
    parameters: root.parameters,
  };
}

/** `pixels` [pictures, 3, side, side] to `features` [pictures, patches, hidden] by the vision tower. */
export function traceSee(config: UniPicConfig): Traced {
  const root = Scope.root();
  const side = config.siglip2.image_size;
  const pixels = input("pixels", "float32", ["pictures", 3, side, side]);
  return { outputs: { features: visionFeatures(root, config, pixels) }, parameters: root.parameters };
}

/**
 * A whole picture through autoencoder and encoder. In: `pixels` [pictures, 3, height, width], `places` [pictures, rows x columns].
 * Out: `tokens`, `encoded` [pictures, buffer + places, encoder width], `features` [pictures, places + buffer, hidden].
 */
export function traceEncode(config: UniPicConfig, grid: Grid, pictures: number): Traced {
  const root = Scope.root();
  const { mar } = config;
  const count = grid[0] * grid[1];
  const pixel = tokenPixels(mar);
  const pixels = input("pixels", "float32", [pictures, 3, grid[0] * pixel, grid[1] * pixel]);
  const tokens = encodeTokens(root.child("vae"), config, pixels);
  const flat = reshape(tokens, [pictures, count, tokenWidth(mar)]);
  const places = input("places", "int64", [pictures, count]);
  const encoded = encodeVisible(root.child("mar"), mar, flat, places, grid);
  return { outputs: { tokens, encoded, features: projectIn(root, config, encoded) }, parameters: root.parameters };
}

/**
 * One round of drawing: conditions for the head at the places about to be predicted.
 * In: `visible` [pictures, visible, token] and their `places`; `twin` [rows], the picture that each row of the context belongs to; the
 * context's cache; `positions` and `mask` for the language model; `canvas` (see `canvasRows`), `predicted` [chosen] rows among all
 * rows x places; when editing `source` [rows, buffer + places, width].
 * With guidance there are two rows a picture, the unconditional ones last, which share tokens and places; without, one.
 * Out: `condition` [chosen, decoder width], and for a closer look `fused` (the encoder's states after the language model) and `all`
 * conditions.
 */
export function traceRound(config: UniPicConfig, grid: Grid, kind: { editing: boolean }): Traced {
  const root = Scope.root();
  const { mar } = config;
  const scope = root.child("mar");
  const count = grid[0] * grid[1];
  const visible = input("visible", "float32", ["pictures", "visible", tokenWidth(mar)]);
  const places = input("places", "int64", ["pictures", "visible"]);
  const single = encodeVisible(scope, mar, visible, places, grid);
  const encoded = gatherRows(single, input("twin", "int64", ["rows"]));
  const own = addDimensions(mar.buffer_size, "visible");
  const positions = input("positions", "int64", ["rows", own]);
  const mask = input("mask", "int64", ["rows", addDimensions("past", own)]);
  const fused = readContext(root, config, encoded, { past: pastInputs(config) }, positions, mask);
  const all = decode(scope, mar, { encoded: fused, ...canvasInputs(mar, grid, kind) }, grid);
  const flat = reshape(all, [multiplyDimensions(all.shape[0], count), mar.decoder_embed_dim]);
  const condition = gatherRows(flat, input("predicted", "int64", ["chosen"]));
  return { outputs: { fused, all, condition }, parameters: root.parameters };
}

/** What the decoder's canvas is made of besides the encoder's states: `canvas`, and when editing `source`, see {@link traceRound}. */
export function canvasInputs(
  mar: MarConfig,
  grid: Grid,
  kind: { editing: boolean },
): { canvas: Tensor; source?: Tensor } {
  const count = grid[0] * grid[1];
  const canvas = input("canvas", "int64", ["rows", count]);
  if (!kind.editing) return { canvas };
  return { canvas, source: input("source", "float32", ["rows", mar.buffer_size + count, mar.encoder_embed_dim]) };
}

/** Scalars of a denoising step, in the names of `StepCoefficients`, and what the sampler adds. */
export const STEP_SCALARS = [
  "signal",
  "spread",
  "sqrtRecip",
  "sqrtRecipm1",
  "c1",
  "c2",
  "minLogVariance",
  "maxLogVariance",
  "noiseScale",
  "guidance",
] as const;

/**
 * One ancestral denoising step of all tokens of a round (model.md, "Sampling an image").
 * In: `x`, `noise` [tokens, token]; `condition` [tokens or, guided, 2 x tokens with the unconditional ones last, width];
 * `timestep` [1] and the scalars. `noiseScale` is the temperature, or 0 at the last step. Out: `x` of the next step.
 */
export function traceDenoise(config: UniPicConfig): Traced {
  const root = Scope.root();
  const { mar } = config;
  const width = tokenWidth(mar);
  const x = input("x", "float32", ["tokens", width]);
  const noise = input("noise", "float32", ["tokens", width]);
  const condition = input("condition", "float32", ["rows", mar.decoder_embed_dim]);
  const timesteps = input("timestep", "float32", [1]);
  const scalars = Object.fromEntries(STEP_SCALARS.map((name) => [name, input(name, "float32", [])]));
  const { guidance } = scalars;
  const head = root.child("mar.diffloss.net");
  const { prediction, variance } = guidedPrediction(head, mar, { x, timesteps, condition, guidance });
  const epsilon = predictedNoise(mar, prediction, x, scalars.signal, scalars.spread);
  const clean = subtract(multiply(x, scalars.sqrtRecip), multiply(epsilon, scalars.sqrtRecipm1));
  const mean = add(multiply(clean, scalars.c1), multiply(x, scalars.c2));
  const share = divide(add(variance, 1), 2);
  const logVariance = add(
    multiply(share, scalars.maxLogVariance),
    multiply(subtract(1, share), scalars.minLogVariance),
  );
  const jump = multiply(multiply(exp(multiply(logVariance, 0.5)), noise), scalars.noiseScale);
  return { outputs: { next: add(mean, jump) }, parameters: root.parameters };
}

/** Scalars of a deterministic step, in the names of `SolverStep`, and the guidance. */
export const SOLVER_SCALARS = ["cleanFromX", "cleanFromPrediction", "keep", "clean", "previous", "guidance"] as const;

/**
 * One step of a deterministic sampler (DDIM or DPM-Solver++, see `SolverStep`) of all tokens of a round.
 * In: `x` and `before`, the clean sample that the step before predicted, [tokens, token]; `condition` and `timestep` as for
 * {@link traceDenoise}; the scalars. Out: `next`, and `predicted`, the clean sample.
 */
export function traceSolve(config: UniPicConfig): Traced {
  const root = Scope.root();
  const { mar } = config;
  const width = tokenWidth(mar);
  const x = input("x", "float32", ["tokens", width]);
  const before = input("before", "float32", ["tokens", width]);
  const condition = input("condition", "float32", ["rows", mar.decoder_embed_dim]);
  const timesteps = input("timestep", "float32", [1]);
  const scalars = Object.fromEntries(SOLVER_SCALARS.map((name) => [name, input(name, "float32", [])]));
  const { guidance } = scalars;
  const { prediction } = guidedPrediction(root.child("mar.diffloss.net"), mar, { x, timesteps, condition, guidance });
  const predicted = add(multiply(x, scalars.cleanFromX), multiply(prediction, scalars.cleanFromPrediction));
  const current = add(multiply(x, scalars.keep), multiply(predicted, scalars.clean));
  return {
    outputs: { next: add(current, multiply(before, scalars.previous)), predicted },
    parameters: root.parameters,
  };
}

/** `tokens` [pictures, rows, columns, token] to `pixels` [pictures, 3, height, width]. */
export function tracePixels(config: UniPicConfig, grid: Grid, pictures: number): Traced {
  const root = Scope.root();
  const tokens = input("tokens", "float32", [pictures, grid[0], grid[1], tokenWidth(config.mar)]);
  return { outputs: { pixels: decodeTokens(root.child("vae"), config, tokens) }, parameters: root.parameters };
}

/** Rows of any `x` by number, along its first or second axis. In: `x`, `rows` int64 [n]. Out: `chosen`. */
export function traceRows(dtype: DType, rank: number, axis: 0 | 1): Traced {
  const sizes = Array.from({ length: rank }, (_, i) => `size${i}`);
  const x = input("x", dtype, sizes);
  const rows = input("rows", "int64", ["n"]);
  const swap = sizes.map((_, i) => (i > 1 ? i : 1 - i));
  const chosen = axis === 0 ? gatherRows(x, rows) : transpose(gatherRows(transpose(x, swap), rows), swap);
  return { outputs: { chosen }, parameters: new Map() };
}

/** Pixels along one side of a token. */
export const tokenPixels = (mar: MarConfig): number => mar.vae_stride * mar.patch_size;
