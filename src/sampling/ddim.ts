import type { NoiseSchedule } from "./noise-schedule.ts";
import { cleanWeights, levelAt, type Prediction, type SolverStep } from "./solver.ts";

/**
 * The steps of DDIM (arXiv 2010.02502, equation 12 with sigma = 0), noisiest first: the predicted clean sample and the predicted noise,
 * put together anew at the next noise level. The last step gives the clean sample.
 *
 *     x' = sqrt(abar') x0 + sqrt(1 - abar') (x - sqrt(abar) x0) / sqrt(1 - abar)
 */
export function ddimSteps(schedule: NoiseSchedule, prediction: Prediction): SolverStep[] {
  return Array.from({ length: schedule.steps }, (_, number) => {
    const i = schedule.steps - 1 - number;
    const here = levelAt(schedule, i);
    const next = levelAt(schedule, i - 1);
    const keep = next.spread / here.spread;
    return {
      mappedTimestep: schedule.timestepMap[i],
      ...cleanWeights(prediction, here),
      keep,
      clean: next.signal - keep * here.signal,
      previous: 0,
    };
  });
}
