import type { NoiseSchedule } from "../../src/sampling/noise-schedule.ts";
import { levelAt, type Prediction } from "../../src/sampling/solver.ts";

/** Data whose perfect denoiser, and whose probability-flow ODE, are known: a normal distribution. */
export interface Gaussian {
  mean: number;
  deviation: number;
}

/** What a perfect network predicts for x at step i: the expected noise or velocity. */
export function perfect(data: Gaussian, schedule: NoiseSchedule, i: number, x: number, prediction: Prediction): number {
  const { signal, spread } = levelAt(schedule, i);
  const variance = signal ** 2 * data.deviation ** 2 + spread ** 2;
  const clean = data.mean + ((signal * data.deviation ** 2) / variance) * (x - signal * data.mean);
  const noise = (x - signal * clean) / spread;
  return prediction === "epsilon" ? noise : signal * noise - spread * clean;
}

/** Where the ODE takes x from the noisiest step: how many deviations x lies from its mean never changes. */
export function exactSolution(data: Gaussian, schedule: NoiseSchedule, x: number): number {
  const { signal, spread } = levelAt(schedule, schedule.steps - 1);
  const deviations = (x - signal * data.mean) / Math.hypot(signal * data.deviation, spread);
  return data.mean + data.deviation * deviations;
}
