import { UserError } from "../errors.ts";
import { respacedSteps } from "./respacing.ts";

/** A longer schedule than this is a damaged config, not a model. */
const longestSchedule = 100_000;

/** The constants of a Gaussian diffusion, one value a sampling step, each array [steps] in float64. Index 0 is the least noisy step. */
export interface NoiseSchedule {
  /** How many steps this schedule has, after respacing. */
  readonly steps: number;
  readonly betas: Float64Array;
  readonly alphasCumprod: Float64Array;
  /** `alphasCumprod` one step earlier, 1 before the first. */
  readonly alphasCumprodPrev: Float64Array;
  readonly sqrtAlphasCumprod: Float64Array;
  readonly sqrtOneMinusAlphasCumprod: Float64Array;
  readonly sqrtRecipAlphasCumprod: Float64Array;
  readonly sqrtRecipm1AlphasCumprod: Float64Array;
  readonly posteriorVariance: Float64Array;
  /** Log of the posterior variance; the first, which would be -infinity, is replaced by the second. */
  readonly posteriorLogVarianceClipped: Float64Array;
  /** Weight of the predicted clean sample in the posterior mean. */
  readonly posteriorMeanCoef1: Float64Array;
  /** Weight of the current noisy sample in the posterior mean. */
  readonly posteriorMeanCoef2: Float64Array;
  readonly logOneMinusAlphasCumprod: Float64Array;
  readonly logBetas: Float64Array;
  /** The training step each of these steps stands for: what the network is told as its time. */
  readonly timestepMap: Int32Array;
}

export interface NoiseScheduleOptions {
  /** Steps the model was trained with. */
  steps?: number;
  /** Cap on every beta: 0.2 for UniPic, 0.999 for MAR and Harmon. */
  maxBeta?: number;
  /** Which steps to keep, see {@link respacedSteps}; "" keeps all. */
  respacing?: string;
}

/**
 * The cosine schedule (arXiv 2102.09672, equation 17) with capped betas, thinned to the steps a sampler takes.
 *
 * @throws UserError for a step count, cap or respacing out of range
 */
export function noiseSchedule({
  steps = 1000,
  maxBeta = 0.2,
  respacing = "",
}: NoiseScheduleOptions = {}): NoiseSchedule {
  if (!Number.isInteger(steps) || steps < 2 || steps > longestSchedule) {
    throw new UserError(`A noise schedule needs between 2 and ${longestSchedule} steps, not ${steps}.`);
  }
  if (!(maxBeta > 0 && maxBeta < 1)) {
    throw new UserError(`The cap on the noise schedule's betas must lie between 0 and 1, not ${maxBeta}.`);
  }
  const trained = cumulativeProduct(cosineBetas(steps, maxBeta));
  const timestepMap = respacedSteps(steps, respacing);
  // Betas of the thinned chain: it passes through the same cumulative noise levels at the kept steps.
  const betas = new Float64Array(timestepMap.length);
  let previous = 1;
  timestepMap.forEach((step, i) => {
    betas[i] = 1 - trained[step] / previous;
    previous = trained[step];
  });
  return fromBetas(betas, timestepMap);
}

function cosineBetas(steps: number, maxBeta: number): Float64Array {
  const remaining = (time: number) => Math.cos((((time + 0.008) / 1.008) * Math.PI) / 2) ** 2;
  return Float64Array.from({ length: steps }, (_, i) =>
    Math.min(1 - remaining((i + 1) / steps) / remaining(i / steps), maxBeta),
  );
}

/** Running product of 1 - beta. */
function cumulativeProduct(betas: Float64Array): Float64Array {
  let product = 1;
  return betas.map((beta) => {
    product *= 1 - beta;
    return product;
  });
}

function fromBetas(betas: Float64Array, timestepMap: Int32Array): NoiseSchedule {
  const alphasCumprod = cumulativeProduct(betas);
  const alphasCumprodPrev = alphasCumprod.map((_, i) => (i === 0 ? 1 : alphasCumprod[i - 1]));
  const posteriorVariance = betas.map((beta, i) => (beta * (1 - alphasCumprodPrev[i])) / (1 - alphasCumprod[i]));
  // A chain of one step has no second posterior variance; its noise is never drawn, so its beta stands in.
  const firstVariance = betas.length > 1 ? posteriorVariance[1] : betas[0];
  return {
    steps: betas.length,
    betas,
    alphasCumprod,
    alphasCumprodPrev,
    sqrtAlphasCumprod: alphasCumprod.map(Math.sqrt),
    sqrtOneMinusAlphasCumprod: alphasCumprod.map((alpha) => Math.sqrt(1 - alpha)),
    sqrtRecipAlphasCumprod: alphasCumprod.map((alpha) => Math.sqrt(1 / alpha)),
    sqrtRecipm1AlphasCumprod: alphasCumprod.map((alpha) => Math.sqrt(1 / alpha - 1)),
    posteriorVariance,
    posteriorLogVarianceClipped: posteriorVariance.map((variance, i) => Math.log(i === 0 ? firstVariance : variance)),
    posteriorMeanCoef1: betas.map((beta, i) => (beta * Math.sqrt(alphasCumprodPrev[i])) / (1 - alphasCumprod[i])),
    posteriorMeanCoef2: betas.map(
      (beta, i) => ((1 - alphasCumprodPrev[i]) * Math.sqrt(1 - beta)) / (1 - alphasCumprod[i]),
    ),
    logOneMinusAlphasCumprod: alphasCumprod.map((alpha) => Math.log(1 - alpha)),
    logBetas: betas.map(Math.log),
    timestepMap,
  };
}
