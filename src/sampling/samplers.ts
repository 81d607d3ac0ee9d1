import { ddimSteps } from "./ddim.ts";
import { dpmSolverSteps } from "./dpm-solver.ts";
import type { NoiseSchedule } from "./noise-schedule.ts";
import type { Prediction, SolverStep } from "./solver.ts";

/**
 * How the head turns noise into tokens: `ancestral`, the official model's sampler with learned variance (arXiv 2102.09672), which adds
 * fresh noise at every step; or, deterministic from the noise they start from, `ddim` (arXiv 2010.02502) or `dpm++`, DPM-Solver++(2M)
 * (arXiv 2211.01095).
 */
export type Sampler = "ancestral" | DeterministicSampler;
export type DeterministicSampler = "ddim" | "dpm++";

/** The names a user may write for {@link Sampler}. */
export const samplers: readonly Sampler[] = ["ancestral", "ddim", "dpm++"];

/** The steps of a deterministic sampler, noisiest first. */
export function solverSteps(
  sampler: DeterministicSampler,
  schedule: NoiseSchedule,
  prediction: Prediction,
): SolverStep[] {
  return (sampler === "ddim" ? ddimSteps : dpmSolverSteps)(schedule, prediction);
}

/**
 * The respacing that a sampler makes of a number of steps. The official sampler's, which keeps the first and the last step, leaves a
 * deterministic one a long jump before a step that changes nothing: on Gaussian data ten steps of DPM-Solver++ end three to seven times
 * further from the ODE's solution.
 */
export const samplerRespacing = (sampler: Sampler, steps: string): string =>
  sampler !== "ancestral" && /^\d+$/.test(steps) ? `trailing${steps}` : steps;
