import { UserError } from "../errors.ts";
import type { Picture } from "../image/picture.ts";
import type { MarConfig } from "../models/config.ts";
import type { Grid } from "../models/position-table.ts";
import { tokenPixels } from "../models/programs.ts";
import type { GuidanceSchedule } from "../sampling/guidance.ts";
import type { TextDecoding } from "../sampling/text-decoding.ts";

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

/** What can be chosen for a drawing; everything has a default. */
export interface DrawOptions {
  /** The same seed gives the same picture; picture i of several has the seed + i. Default 0. */
  seed?: number;
  /** Rounds of prediction, 1 to the number of tokens. Default 32, or the number of tokens if that is less. */
  rounds?: number;
  /** Denoising steps of each token. Default: the model's own. */
  steps?: number;
  /** How strongly the prompt is followed; 1 switches guidance off. Default 3. */
  guidance?: number;
  guidanceSchedule?: GuidanceSchedule;
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

export interface Drawing {
  seed: number;
  rounds: number;
  steps: string;
  guidance: number;
  guidanceSchedule: GuidanceSchedule;
  temperature: number;
}

/** Fills in defaults and checks ranges. */
export function drawing(options: DrawOptions, mar: MarConfig, grid: Grid): Drawing {
  const count = grid[0] * grid[1];
  return {
    seed: within("seed", options.seed ?? 0, 0, Number.MAX_SAFE_INTEGER, true),
    rounds: within("rounds", options.rounds ?? Math.min(32, count), 1, count, true),
    steps: options.steps === undefined ? mar.num_sampling_steps : String(within("steps", options.steps, 1, 1000, true)),
    guidance: within("guidance", options.guidance ?? 3, 1, 100),
    guidanceSchedule: options.guidanceSchedule ?? "constant",
    temperature: within("temperature", options.temperature ?? 1, 0.01, 10),
  };
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
