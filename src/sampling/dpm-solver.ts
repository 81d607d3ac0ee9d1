import { ddimSteps } from "./ddim.ts";
import type { NoiseSchedule } from "./noise-schedule.ts";
import { levelAt, type Prediction, type SolverStep } from "./solver.ts";

/**
 * The steps of DPM-Solver++(2M) (arXiv 2211.01095, algorithm 2), noisiest first: a second-order multistep method on the predicted clean
 * sample. With lambda = log(signal / spread), h its growth in this step and r that of the step before, divided by h:
 *
 *     x' = (spread' / spread) x + (signal' - signal spread' / spread) ((1 + 1/2r) x0 - 1/2r x0 of the step before)
 *
 * The first step has no step before it, and at the last, where lambda grows without end, the extrapolation has no meaning: both are of first
 * order, which is DDIM's step.
 */
export function dpmSolverSteps(schedule: NoiseSchedule, prediction: Prediction): SolverStep[] {
  const steps = ddimSteps(schedule, prediction);
  for (let number = 1; number < steps.length - 1; number++) {
    const i = schedule.steps - 1 - number;
    const growth = logSnr(schedule, i - 1) - logSnr(schedule, i);
    const before = logSnr(schedule, i) - logSnr(schedule, i + 1);
    const extrapolation = growth / (2 * before); // 1 / 2r
    const { clean } = steps[number];
    steps[number] = {
      ...steps[number],
      clean: clean * (1 + extrapolation),
      previous: -clean * extrapolation,
    };
  }
  return steps;
}

/** Half the logarithm of the signal-to-noise ratio: the paper's lambda. */
function logSnr(schedule: NoiseSchedule, i: number): number {
  const { signal, spread } = levelAt(schedule, i);
  return Math.log(signal / spread);
}
