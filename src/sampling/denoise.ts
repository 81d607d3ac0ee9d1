import type { NoiseSchedule } from "./noise-schedule.ts";

/** The scalars of one step of the ancestral sampler; everything that varies from step to step. */
export interface StepCoefficients {
  /** Weights of the clean sample and of the noise in x: sqrt(abar) and sqrt(1 - abar). */
  signal: number;
  spread: number;
  /** Weight of x in the predicted clean sample. */
  sqrtRecip: number;
  /** Weight of the predicted noise, subtracted, in the predicted clean sample. */
  sqrtRecipm1: number;
  /** Weight of the clean sample in the posterior mean. */
  c1: number;
  /** Weight of x in the posterior mean. */
  c2: number;
  /** Log-variance where the network says v = -1. */
  minLogVariance: number;
  /** Log-variance where the network says v = 1. */
  maxLogVariance: number;
  /** The time the network is told. */
  mappedTimestep: number;
  /** 1, or 0 at the last step, which adds no noise. */
  noiseScale: number;
}

/**
 * The scalars of step `i`; a sampler walks i from `schedule.steps - 1` down to 0.
 *
 * @throws RangeError when the schedule has no such step
 */
export function stepCoefficients(schedule: NoiseSchedule, i: number): StepCoefficients {
  if (!Number.isInteger(i) || i < 0 || i >= schedule.steps) {
    throw new RangeError(`Step ${i} is not in a schedule of ${schedule.steps} steps.`);
  }
  return {
    signal: schedule.sqrtAlphasCumprod[i],
    spread: schedule.sqrtOneMinusAlphasCumprod[i],
    sqrtRecip: schedule.sqrtRecipAlphasCumprod[i],
    sqrtRecipm1: schedule.sqrtRecipm1AlphasCumprod[i],
    c1: schedule.posteriorMeanCoef1[i],
    c2: schedule.posteriorMeanCoef2[i],
    minLogVariance: schedule.posteriorLogVarianceClipped[i],
    maxLogVariance: schedule.logBetas[i],
    mappedTimestep: schedule.timestepMap[i],
    noiseScale: i === 0 ? 0 : 1,
  };
}

/** What one denoising step reads; every array is [rows * channels]. */
export interface DenoiseInput {
  x: Float32Array;
  /** The network's noise for the rows with their condition. */
  noiseConditional: Float32Array;
  /** The network's noise for the same x without the condition; leave out to sample unguided. */
  noiseUnconditional?: Float32Array;
  /** The network's variance channels for the conditional rows, unguided. */
  variance: Float32Array;
  /** A fresh unit normal draw. */
  draw: Float32Array;
  guidance: number;
  temperature: number;
}

/**
 * One ancestral step with learned variance (arXiv 2102.09672), in plain arithmetic: the yardstick the model's graph is tested against.
 *
 *     eps = u + s (c - u);  x0 = sqrt(1/a) x - sqrt(1/a - 1) eps;  f = (v + 1)/2
 *     x' = c1 x0 + c2 x + [t > 0] exp((f log beta + (1 - f) postlogvar)/2) draw temperature
 *
 * @returns Float32Array [rows * channels], the less noisy x
 */
export function denoiseStep(input: DenoiseInput, step: StepCoefficients): Float32Array {
  const { x, noiseConditional, noiseUnconditional = noiseConditional, variance, draw, guidance, temperature } = input;
  for (const values of [noiseConditional, noiseUnconditional, variance, draw]) {
    if (values.length !== x.length) {
      throw new RangeError(`A denoising step on ${x.length} values was given an array of ${values.length}.`);
    }
  }
  return x.map((value, i) => {
    const noise = noiseUnconditional[i] + guidance * (noiseConditional[i] - noiseUnconditional[i]);
    const clean = step.sqrtRecip * value - step.sqrtRecipm1 * noise;
    const mean = step.c1 * clean + step.c2 * value;
    const fraction = (variance[i] + 1) / 2;
    const logVariance = fraction * step.maxLogVariance + (1 - fraction) * step.minLogVariance;
    // Skipped rather than multiplied by 0: an unclamped variance can overflow, and 0 times infinity is not 0.
    if (step.noiseScale === 0) return mean;
    return mean + step.noiseScale * Math.exp(logVariance / 2) * draw[i] * temperature;
  });
}
