import type { GenerateOptions } from "../src/pipeline/options.ts";

/** One way to sample: a line of the table. */
export interface Variant {
  name: string;
  options: GenerateOptions;
}

/** What all others are held against: the official sampler. */
export const EXACT = "exact";
/** A deterministic sampler with so many steps that more change nothing: what those with few steps approximate. */
export const ODE = "dpm++, 100 steps";
/** Another picture for the same prompt, to tell what a distance means. */
export const OTHER_SEED = "exact, another seed";

export const VARIANTS: readonly Variant[] = [
  { name: EXACT, options: {} },
  { name: OTHER_SEED, options: {} },
  { name: ODE, options: { sampler: "dpm++", steps: 100 } },
  { name: "ddim, 20 steps", options: { sampler: "ddim", steps: 20 } },
  { name: "ddim, 8 steps", options: { sampler: "ddim", steps: 8 } },
  { name: "dpm++, 20 steps", options: { sampler: "dpm++", steps: 20 } },
  { name: "dpm++, 8 steps", options: { sampler: "dpm++", steps: 8 } },
  { name: "steps 50:5", options: { steps: [50, 5] } },
  { name: "dpm++, steps 8:3", options: { sampler: "dpm++", steps: [8, 3] } },
  { name: "guidance 0.1:0.8", options: { guidanceInterval: [0.1, 0.8] } },
  { name: "guidance 0:0.5", options: { guidanceInterval: [0, 0.5] } },
  { name: "condition cache", options: { conditionCache: true } },
  { name: "token cache 0.5", options: { tokenCache: 0.5 } },
  { name: "both caches", options: { tokenCache: 0.5, conditionCache: true } },
  { name: "fast", options: { preset: "fast" } },
];
