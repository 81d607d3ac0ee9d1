import { tokenWidth, type UniPicConfig } from "../models/config.ts";
import { denoiser, predictedNoise } from "../models/denoiser.ts";
import { atTimesteps } from "../models/timestep-table.ts";
import type { Scope } from "../nn/scope.ts";
import { noiseSchedule } from "../sampling/noise-schedule.ts";
import {
  add,
  detach,
  equal,
  exp,
  greaterThan,
  lessThan,
  log,
  maximum,
  multiply,
  negate,
  reduceMean,
  scalar,
  slice,
  square,
  subtract,
  type Tensor,
  tanh,
  where,
} from "../tensor/index.ts";

export interface DiffusionInputs {
  /** Clean tokens: [rows, token]. */
  target: Tensor;
  /** Conditions for the head: [rows, decoder width]. */
  condition: Tensor;
  /** Timesteps of the full schedule: int64 [rows]. */
  timesteps: Tensor;
  /** Unit noise: [rows, token]. */
  noise: Tensor;
}

/** The pieces of the loss, each row by row: [rows], and the noised tokens: [rows, token]. */
export interface DiffusionTerms {
  noised: Tensor;
  squaredError: Tensor;
  variationalBound: Tensor;
  /** Their sum. */
  total: Tensor;
}

/**
 * The diffusion loss of each row (arXiv 2102.09672): the squared error of the prediction plus the variational bound, in bits,
 * which trains the variance alone (the mean is detached there). `scope` is the checkpoint's `mar.diffloss.net`.
 */
export function diffusionTerms(
  scope: Scope,
  config: UniPicConfig,
  { target, condition, timesteps, noise }: DiffusionInputs,
): DiffusionTerms {
  const schedule = noiseSchedule({ maxBeta: config.max_beta });
  const { mar } = config;
  const width = tokenWidth(mar);
  const at = (table: Float64Array) => atTimesteps(table, timesteps);
  const signal = at(schedule.sqrtAlphasCumprod);
  const spread = at(schedule.sqrtOneMinusAlphasCumprod);
  const noised = add(multiply(target, signal), multiply(noise, spread));
  const output = denoiser(scope, mar, noised, timesteps, condition);
  const prediction = slice(output, 1, 0, width);
  const wanted = mar.prediction === "epsilon" ? noise : subtract(multiply(noise, signal), multiply(target, spread));
  const squaredError = reduceMean(square(subtract(wanted, prediction)), [1]);

  const clean = subtract(
    multiply(noised, at(schedule.sqrtRecipAlphasCumprod)),
    multiply(predictedNoise(mar, detach(prediction), noised, signal, spread), at(schedule.sqrtRecipm1AlphasCumprod)),
  );
  const posteriorMean = (x0: Tensor) =>
    add(multiply(x0, at(schedule.posteriorMeanCoef1)), multiply(noised, at(schedule.posteriorMeanCoef2)));
  const fraction = multiply(add(slice(output, 1, width, 2 * width), 1), 0.5);
  const floor = at(schedule.posteriorLogVarianceClipped);
  const logVariance = add(multiply(fraction, at(schedule.logBetas)), multiply(subtract(1, fraction), floor));
  const mean = posteriorMean(clean);
  const divergence = gaussianDivergence(posteriorMean(target), floor, mean, logVariance);
  const likelihood = discretizedLogLikelihood(target, mean, multiply(logVariance, 0.5));
  const bits = (x: Tensor) => multiply(reduceMean(x, [1]), 1 / Math.LN2);
  const first = equal(timesteps, scalar(0, "int64"));
  const variationalBound = where(first, negate(bits(likelihood)), bits(divergence));
  return { noised, squaredError, variationalBound, total: add(squaredError, variationalBound) };
}

/** Kullback-Leibler divergence between two diagonal Gaussians, element by element, in nats. */
function gaussianDivergence(mean1: Tensor, logVariance1: Tensor, mean2: Tensor, logVariance2: Tensor): Tensor {
  const ratio = exp(subtract(logVariance1, logVariance2));
  const distance = multiply(square(subtract(mean1, mean2)), exp(negate(logVariance2)));
  return multiply(add(add(subtract(logVariance2, logVariance1), subtract(ratio, 1)), distance), 0.5);
}

/** Log-probability of values quantized to 256 levels of [-1, 1] under Gaussians, element by element. */
function discretizedLogLikelihood(values: Tensor, means: Tensor, logScales: Tensor): Tensor {
  const centred = subtract(values, means);
  const precision = exp(negate(logScales));
  const above = standardNormalShare(multiply(precision, add(centred, 1 / 255)));
  const below = standardNormalShare(multiply(precision, subtract(centred, 1 / 255)));
  const safeLog = (x: Tensor) => log(maximum(x, 1e-12));
  const inside = safeLog(subtract(above, below));
  const edges = where(greaterThan(values, 0.999), safeLog(subtract(1, below)), inside);
  return where(lessThan(values, -0.999), safeLog(above), edges);
}

/** The share of a standard normal below x, by the tanh approximation. */
function standardNormalShare(x: Tensor): Tensor {
  const inner = multiply(add(x, multiply(multiply(x, square(x)), 0.044715)), Math.sqrt(2 / Math.PI));
  return multiply(add(tanh(inner), 1), 0.5);
}
