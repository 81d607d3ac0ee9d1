import { UserError } from "../errors.ts";
import type { Picture } from "../image/picture.ts";
import type { MarConfig } from "../models/config.ts";
import type { Grid } from "../models/position-table.ts";
import { tokenPixels } from "../models/programs.ts";
import type { GuidanceSchedule, RoundInterval } from "../sampling/guidance.ts";
import { type Sampler, samplers } from "../sampling/samplers.ts";
import type { Steps } from "../sampling/step-annealing.ts";
import type { TextDecoding } from "../sampling/text-decoding.ts";
import { type SamplingPreset, withPreset } from "./presets.ts";

/** Where a drawing stands. */
export interface DrawProgress {
  /** Pictures being drawn together. */
  pictures: number;
  /** Rounds done, of how many; a round predicts a part of the tokens. */
  round: number;
  rounds: number;
  /** Share of all denoising done, 0 to 1. */
  done: number;
  /** An estimate of the seconds that denoising still takes; undefined before the first step is over. */
  secondsLeft?: number;
}

/** Pictures as far as they are drawn. */
export interface DrawPreview {
  /** The pictures drawn together; what is not drawn yet is blank. */
  pictures: Picture[];
  /** The number of the first of them among all pictures of the call, from 0. */
  first: number;
  /** Rounds done, of how many. */
  round: number;
  rounds: number;
}

/** What can be chosen for a drawing; everything has a default, which is that of the preset `exact` where nothing else is said. */
export interface DrawOptions {
  /** Where the options that are not given come from: `exact`, the official sampler, or `fast` (docs/fast-sampling.md). Default `exact`. */
  preset?: SamplingPreset;
  /** The same seed gives the same picture; picture i of several has the seed + i. Default 0. */
  seed?: number;
  /** Rounds of prediction, 1 to the number of tokens. Default 32, or the number of tokens if that is less; half as many with `fast`; of edits what the model folder says. */
  rounds?: number;
  /** How noise becomes tokens: `ancestral`, `ddim` (arXiv 2010.02502) or `dpm++`, DPM-Solver++(2M) (arXiv 2211.01095). Default `ancestral`. */
  sampler?: Sampler;
  /**
   * Denoising steps of each token, or those of the first and the last round, between which they are annealed (DiSA, arXiv 2505.20297).
   * Default: the model's own.
   */
  steps?: number | readonly [first: number, last: number];
  /** How strongly the prompt is followed; 1 switches guidance off. Default 3, for edits what the model's folder says. */
  guidance?: number;
  guidanceSchedule?: GuidanceSchedule;
  /** The share of the rounds that are guided (arXiv 2404.07724), such as [0.1, 0.8]. Default [0, 1], all. */
  guidanceInterval?: RoundInterval;
  /**
   * Share of the decoder's tokens whose features a round takes from the round before, those that have changed least (LazyMAR's token
   * cache, arXiv 2503.12450), 0 to 0.95. Default 0.
   */
  tokenCache?: number;
  /** Whether rounds take the difference that the prompt makes from an earlier one (LazyMAR's condition cache). Default false. */
  conditionCache?: boolean;
  /** With a cache, every so manieth round computes everything anew. Default 4. */
  cacheRefresh?: number;
  /** How varied the pictures are, above 0. Default 1. */
  temperature?: number;
  /** Stops the work: the promise is rejected with the signal's reason. */
  signal?: AbortSignal;
  onProgress?: (progress: DrawProgress) => void;
  /** Called between rounds with the pictures so far, which are decoded for it; drawing goes on when it is done. */
  onPreview?: (preview: DrawPreview) => void | Promise<void>;
  /** Rounds from one preview to the next, 1 or more: decoding takes time of its own. Default 1. */
  previewEvery?: number;
}

export interface GenerateOptions extends DrawOptions {
  /** Pictures of each prompt. Default 1. */
  count?: number;
  /** Side in pixels, or [width, height]. Default: the size that the model was trained at. */
  size?: number | readonly [width: number, height: number];
  /** Whether the things of a prompt that names three or more are drawn one by one, by a model that can (the config's `layouts`); it takes as many drawings. Default true. */
  layout?: boolean;
}

export interface DescribeOptions extends TextDecoding {
  seed?: number;
  /** The longest answer, in tokens. Default 64. */
  maxTokens?: number;
  signal?: AbortSignal;
  /** Called with each new piece of the answer. */
  onText?: (piece: string) => void;
}

const MOST_PICTURES = 64;
const MOST_TOKENS = 64 * 64;

/** A drawing's options, complete. What is left out is not used. */
export interface Drawing {
  seed: number;
  rounds: number;
  sampler: Sampler;
  steps: Steps;
  guidance: number;
  guidanceSchedule: GuidanceSchedule;
  guidanceInterval?: RoundInterval;
  tokenCache?: number;
  conditionCache?: true;
  cacheRefresh?: number;
  temperature: number;
}

/** Fills in defaults and checks ranges. */
export function drawing(given: DrawOptions, mar: MarConfig, grid: Grid): Drawing {
  const count = grid[0] * grid[1];
  const options = withPreset(given, count);
  const tokenCache = within("tokenCache", options.tokenCache ?? 0, 0, 0.95);
  const conditionCache = options.conditionCache === true;
  const cacheRefresh = within("cacheRefresh", options.cacheRefresh ?? 4, 1, 1000, true);
  const [start, end] = guidanceInterval(options.guidanceInterval);
  return {
    seed: within("seed", options.seed ?? 0, 0, Number.MAX_SAFE_INTEGER, true),
    rounds: within("rounds", options.rounds, 1, count, true),
    sampler: samplerOf(options.sampler),
    steps: stepsOf(options.steps, mar),
    guidance: within("guidance", options.guidance ?? 3, 1, 100),
    guidanceSchedule: options.guidanceSchedule ?? "constant",
    ...(start > 0 || end < 1 ? { guidanceInterval: [start, end] } : {}),
    ...(tokenCache > 0 ? { tokenCache } : {}),
    ...(conditionCache ? { conditionCache } : {}),
    ...(tokenCache > 0 || conditionCache ? { cacheRefresh } : {}),
    temperature: within("temperature", options.temperature ?? 1, 0.01, 10),
  };
}

function samplerOf(name: Sampler = "ancestral"): Sampler {
  if (samplers.includes(name)) return name;
  throw new UserError(`sampler must be one of ${samplers.join(", ")}, not "${name}".`);
}

function stepsOf(steps: DrawOptions["steps"], mar: MarConfig): Steps {
  if (steps === undefined) return mar.num_sampling_steps;
  const check = (value: number) => within("steps", value, 1, 1000, true);
  if (typeof steps === "number") return String(check(steps));
  if (steps.length === 2) return [check(steps[0]), check(steps[1])];
  throw new UserError(`steps must be a number, or two for the first and the last round, not ${steps.length}.`);
}

function guidanceInterval([start, end, ...more]: readonly number[] = [0, 1]): RoundInterval {
  if (start >= 0 && start < end && end <= 1 && more.length === 0) return [start, end];
  throw new UserError(
    `guidanceInterval must be two shares of the rounds such as [0.1, 0.8], the first smaller, not [${[start, end, ...more].join(", ")}].`,
  );
}

/** Rounds from one preview to the next. */
export const previewInterval = (every = 1): number => within("previewEvery", every, 1, MOST_TOKENS, true);

/** The number of pictures of each prompt. */
export const pictureCount = (count = 1): number => within("count", count, 1, MOST_PICTURES, true);

/** The grid of tokens for a size in pixels, which must be a multiple of a token's side. */
export function gridOf(size: GenerateOptions["size"], mar: MarConfig): Grid {
  const [width, height] = typeof size === "number" ? [size, size] : (size ?? [mar.img_size, mar.img_size]);
  const side = tokenPixels(mar);
  for (const pixels of [width, height]) {
    if (!Number.isInteger(pixels) || pixels < side || pixels % side !== 0) {
      throw new UserError(`A size must be a multiple of ${side} pixels, such as ${mar.img_size}, not ${pixels}.`);
    }
  }
  if ((width / side) * (height / side) > MOST_TOKENS) {
    const most = Math.sqrt(MOST_TOKENS) * side;
    throw new UserError(`A picture of ${width}x${height} is too large: ${most}x${most} is the most.`);
  }
  return [height / side, width / side];
}

/** A number in a range, or a UserError that says so. */
export function within(name: string, value: number, least: number, most: number, whole = false): number {
  if (Number.isFinite(value) && value >= least && value <= most && (!whole || Number.isInteger(value))) return value;
  throw new UserError(`${name} must be a ${whole ? "whole " : ""}number from ${least} to ${most}, not ${value}.`);
}

/** Refuses a text without words. */
export function requireWords(text: string, what: string, example: string): void {
  if (text.trim() === "") throw new UserError(`The ${what} is empty; write one, such as "${example}".`);
}
