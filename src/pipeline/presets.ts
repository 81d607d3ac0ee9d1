import { UserError } from "../errors.ts";
import type { DrawOptions } from "./options.ts";

/** Where options that are not given come from: the official sampler, or what was measured to be fast (docs/fast-sampling.md). */
export type SamplingPreset = "exact" | "fast";

interface Preset {
  options: DrawOptions;
  /** The number of rounds for a number of tokens. */
  rounds: (tokens: number) => number;
}

const PRESETS: Readonly<Record<SamplingPreset, Preset>> = {
  exact: { options: {}, rounds: (tokens) => Math.min(32, tokens) },
  // No token cache: it saves most where there are many tokens, and there is no trained model of many tokens to measure what it costs.
  fast: {
    options: { sampler: "dpm++", steps: [8, 4], guidanceInterval: [0, 0.8], conditionCache: true, cacheRefresh: 4 },
    rounds: (tokens) => Math.min(16, Math.ceil(tokens / 2)),
  },
};

/** The names a user may write for {@link SamplingPreset}. */
export const samplingPresets = Object.keys(PRESETS) as readonly SamplingPreset[];

/**
 * The options with those of their preset where they say nothing.
 *
 * @param tokens tokens of a picture
 * @throws UserError for a preset that there is not
 */
export function withPreset(options: DrawOptions, tokens: number): DrawOptions & { rounds: number } {
  const name = options.preset ?? "exact";
  if (!samplingPresets.includes(name)) {
    throw new UserError(`preset must be one of ${samplingPresets.join(", ")}, not "${name}".`);
  }
  const preset = PRESETS[name];
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  return { rounds: preset.rounds(tokens), ...preset.options, ...Object.fromEntries(given) };
}
