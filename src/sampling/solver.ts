import type { NoiseSchedule } from "./noise-schedule.ts";

/**
 * The scalars of one step of a deterministic sampler. Such a sampler follows the probability-flow ODE of the diffusion and adds no noise;
 * every one of ours is a weighted sum of what it knows:
 *
 *     x0 = cleanFromX x + cleanFromPrediction prediction
 *     x' = keep x + clean x0 + previous (x0 of the step before)
 */
export interface SolverStep {
  /** The time the network is told. */
  mappedTimestep: number;
  /** Weight of x in the predicted clean sample. */
  cleanFromX: number;
  /** Weight of the network's prediction in the predicted clean sample. */
  cleanFromPrediction: number;
  /** Weight of x in the less noisy x. */
  keep: number;
  /** Weight of the predicted clean sample. */
  clean: number;
  /** Weight of the clean sample that the step before predicted; 0 where only this step counts. */
  previous: number;
}

/** What a network's output means, see `MarConfig.prediction`. */
export type Prediction = "epsilon" | "velocity";

/** Signal and noise in x at step `i` of a schedule, sqrt(abar) and sqrt(1 - abar); nothing but signal at step -1, the clean sample. */
export function levelAt(schedule: NoiseSchedule, i: number): { signal: number; spread: number } {
  if (i < 0) return { signal: 1, spread: 0 };
  return { signal: schedule.sqrtAlphasCumprod[i], spread: schedule.sqrtOneMinusAlphasCumprod[i] };
}

/** The clean sample that a prediction at a noise level means, in weights of x and of the prediction. */
export function cleanWeights(
  prediction: Prediction,
  { signal, spread }: { signal: number; spread: number },
): Pick<SolverStep, "cleanFromX" | "cleanFromPrediction"> {
  // Written for each kind: going from a velocity through the noise would divide by a signal that is nearly 0 at the start.
  return prediction === "epsilon"
    ? { cleanFromX: 1 / signal, cleanFromPrediction: -spread / signal }
    : { cleanFromX: signal, cleanFromPrediction: -spread };
}

/** What one step reads; every array is [rows * channels]. */
export interface SolverInput {
  x: Float32Array;
  /** The network's output for the rows with their condition. */
  conditional: Float32Array;
  /** The same without the condition; leave out to sample unguided. */
  unconditional?: Float32Array;
  /** The clean sample that the step before predicted; may be left out at the first. */
  previous?: Float32Array;
  guidance: number;
}

/** One step in plain arithmetic, the yardstick the model's graph is tested against: the less noisy x, and the predicted clean sample. */
export function solverStep(
  { x, conditional, unconditional = conditional, previous, guidance }: SolverInput,
  step: SolverStep,
): { next: Float32Array; clean: Float32Array } {
  for (const values of [conditional, unconditional, previous ?? x]) {
    if (values.length !== x.length) {
      throw new RangeError(`A step on ${x.length} values was given an array of ${values.length}.`);
    }
  }
  const clean = x.map((value, i) => {
    const guided = unconditional[i] + guidance * (conditional[i] - unconditional[i]);
    return step.cleanFromX * value + step.cleanFromPrediction * guided;
  });
  const next = x.map((value, i) => step.keep * value + step.clean * clean[i] + step.previous * (previous?.[i] ?? 0));
  return { next, clean };
}
