import { Scope } from "../nn/scope.ts";
import type { DType } from "../tensor/dtype.ts";
import {
  add,
  divide,
  exp,
  gatherRows,
  input,
  multiply,
  reshape,
  subtract,
  type Tensor,
  transpose,
} from "../tensor/index.ts";
import { type MarConfig, tokenWidth, type UniPicConfig } from "./config.ts";
import { guidedPrediction, predictedNoise } from "./denoiser.ts";
import type { Grid } from "./position-table.ts";
import { visionFeatures } from "./unipic.ts";
import { decodeTokens, encodeTokens } from "./vae.ts";

/** A traced program: its results by name, and the weights it asked for. */
export interface Traced {
  outputs: Record<string, Tensor>;
  parameters: ReadonlyMap<string, Tensor>;
}

/** `pixels` [pictures, 3, side, side] to `features` [pictures, patches, hidden] by the vision tower. */
export function traceSee(config: UniPicConfig): Traced {
  const root = Scope.root();
  const side = config.siglip2.image_size;
  const pixels = input("pixels", "float32", ["pictures", 3, side, side]);
  return { outputs: { features: visionFeatures(root, config, pixels) }, parameters: root.parameters };
}

/** `pixels` [pictures, 3, height, width] to `tokens` [pictures, rows x columns, token] by the autoencoder. */
export function traceLatents(config: UniPicConfig, grid: Grid, pictures: number): Traced {
  const root = Scope.root();
  const pixel = tokenPixels(config.mar);
  const pixels = input("pixels", "float32", [pictures, 3, grid[0] * pixel, grid[1] * pixel]);
  const tokens = encodeTokens(root.child("vae"), config, pixels);
  const flat = reshape(tokens, [pictures, grid[0] * grid[1], tokenWidth(config.mar)]);
  return { outputs: { tokens: flat }, parameters: root.parameters };
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
  const { prediction } = guidedPrediction(root.child("mar.diffloss.net"), mar, {
    x,
    timesteps,
    condition,
    guidance,
  });
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

/** Rows of any `x` by number, along its first or another axis. In: `x`, `rows` int64 [n]. Out: `chosen`. */
export function traceRows(dtype: DType, rank: number, axis: number): Traced {
  const sizes = Array.from({ length: rank }, (_, i) => `size${i}`);
  const x = input("x", dtype, sizes);
  const rows = input("rows", "int64", ["n"]);
  const swap = sizes.map((_, i) => (i === 0 ? axis : i === axis ? 0 : i));
  const chosen = axis === 0 ? gatherRows(x, rows) : transpose(gatherRows(transpose(x, swap), rows), swap);
  return { outputs: { chosen }, parameters: new Map() };
}

/** Pixels along one side of a token. */
export const tokenPixels = (mar: MarConfig): number => mar.vae_stride * mar.patch_size;
