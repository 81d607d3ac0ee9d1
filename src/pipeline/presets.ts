import { UserError } from "../errors.ts";
import type { DrawOptions } from "./options.ts";

/** Where options that are not given come from: the official sampler, or what was measured to be fast (docs/fast-sampling.md). */
export type SamplingPreset = "exact" | "fast";

const PRESETS: Readonly<Record<SamplingPreset, DrawOptions>> = {
  exact: {},
  fast: { sampler: "dpm++", steps: [10, 4], guidanceInterval: [0, 0.8] },
};

/** The names a user may write for {@link SamplingPreset}. */
export const samplingPresets = Object.keys(PRESETS) as readonly SamplingPreset[];

/** The options with those of their preset where they say nothing. */
export function withPreset(options: DrawOptions): DrawOptions {
  const preset = PRESETS[options.preset ?? "exact"];
  if (preset === undefined || !Object.hasOwn(PRESETS, options.preset ?? "exact")) {
    throw new UserError(`preset must be one of ${samplingPresets.join(", ")}, not "${options.preset}".`);
  }
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  return { ...preset, ...Object.fromEntries(given) };
}
