import { tokenWidth, type UniPicConfig } from "../models/config.ts";
import { sharedCanvas } from "../models/mar.ts";
import type { Grid } from "../models/position-table.ts";
import { STEP_SCALARS } from "../models/programs.ts";
import { releaseValues, toHost, type Value } from "../runtime/values.ts";
import { stepCoefficients } from "../sampling/denoise.ts";
import { type GuidanceSchedule, guidanceScale } from "../sampling/guidance.ts";
import { type MaskRound, maskRounds } from "../sampling/mask-schedule.ts";
import { noiseSchedule } from "../sampling/noise-schedule.ts";
import { tokensBetween } from "../sampling/orders.ts";
import { hostArray } from "../tensor/dtype.ts";
import type { DrawingRound, RoundFeeds } from "./drawing-round.ts";
import type { Draws } from "./draws.ts";
import { type KvCache, pastFeeds } from "./kv-cache.ts";
import type { Part } from "./part.ts";

/** The context that pictures are drawn in: one row a picture or, guided, two with the unconditional ones last. */
export interface DrawingContext {
  /** What the language model left of the prompts. */
  cache: KvCache;
  /** Tokens of each row. */
  lengths: readonly number[];
  /** When editing: what stands at hidden places, see `traceHidden`, row b's being source b's, counted round and round. */
  sources?: { count: number; hidden: Value };
}

export interface DrawTokensOptions {
  config: UniPicConfig;
  grid: Grid;
  pictures: number;
  context: DrawingContext;
  /** The round and the denoising step, compiled for `guided` and for editing when the context has a source. */
  programs: { round: DrawingRound; denoise: Part };
  guided: boolean;
  guidance: number;
  guidanceSchedule: GuidanceSchedule;
  /** Rounds of prediction (K) and denoising steps of each token (T, or a respacing). */
  rounds: number;
  steps: string;
  temperature: number;
  draws: Draws;
  /** Called before every denoising step; may throw to stop, and may take its time. */
  onStep?: (at: { round: number; rounds: number; step: number; steps: number }) => Promise<void> | void;
  /** For a closer look at every round, which is waited for; what lies on the device is released afterwards. */
  onRound?: (seen: RoundResult) => unknown;
}

/** What drawing the tokens of one round needs. */
export type DenoiseOptions = Pick<
  DrawTokensOptions,
  "config" | "pictures" | "guided" | "steps" | "temperature" | "draws" | "onStep"
> & { programs: Pick<DrawTokensOptions["programs"], "denoise"> };

export interface RoundResult {
  round: MaskRound;
  /** Which of the rounds that are not skipped this is, from 0, and how many there are. */
  number: number;
  rounds: number;
  guidance: number;
  /** What the round's program gave. */
  outputs: Readonly<Record<string, Value>>;
  /** The tokens that were drawn, picture by picture in raster order: [pictures x predicted, token]. */
  sampled: Float32Array;
  /** All tokens so far, [pictures, places, token], and the places of each picture that are still hidden. */
  tokens: Float32Array;
  hidden: readonly Int32Array[];
}

/**
 * Draws the latent tokens of pictures round by round (model.md, "Sampling an image"): [pictures, rows x columns, token].
 * The context's cache is the same for every round, which is what cutting it back means here.
 */
export async function drawTokens(options: DrawTokensOptions): Promise<Float32Array> {
  const { config, grid, pictures, draws } = options;
  const count = grid[0] * grid[1];
  const width = tokenWidth(config.mar);
  const tokens = new Float32Array(pictures * count * width);
  const orders = Array.from({ length: pictures }, (_, picture) => draws.order(picture, count));
  const rounds = maskRounds(count, options.rounds);
  for (const [number, round] of rounds.entries()) {
    const visible = orders.map((order) => tokensBetween(order, round.maskedBefore, count));
    const chosen = orders.map((order) => tokensBetween(order, round.maskedAfter, round.maskedBefore));
    const outputs = await options.programs.round.runOnDevice(roundFeeds(options, tokens, visible, chosen));
    const guidance = guidanceScale(options.guidanceSchedule, options.guidance, round.maskLength, count);
    const at = { round: number, rounds: rounds.length };
    const sampled = await denoiseRound(options, at, outputs.condition, round.predicted, guidance);
    chosen.forEach((places, picture) => {
      places.forEach((place, i) => {
        const from = (picture * round.predicted + i) * width;
        tokens.set(sampled.subarray(from, from + width), (picture * count + place) * width);
      });
    });
    const hidden = orders.map((order) => tokensBetween(order, 0, round.maskedAfter));
    await options.onRound?.({ round, number, rounds: rounds.length, guidance, outputs, sampled, tokens, hidden });
    releaseValues(outputs);
  }
  return tokens;
}

/** What a round's programs read. */
function roundFeeds(
  { config, grid, pictures, context, guided }: DrawTokensOptions,
  tokens: Float32Array,
  visible: readonly Int32Array[],
  chosen: readonly Int32Array[],
): RoundFeeds {
  const count = grid[0] * grid[1];
  const width = tokenWidth(config.mar);
  const { buffer_size: buffer } = config.mar;
  const seen = visible[0].length;
  const own = buffer + seen;
  const all = buffer + count;
  const known = new Float32Array(pictures * seen * width);
  visible.forEach((places, picture) => {
    places.forEach((place, i) => {
      const from = (picture * count + place) * width;
      known.set(tokens.subarray(from, from + width), (picture * seen + i) * width);
    });
  });
  const twice = <T>(rows: readonly T[]): T[] => (guided ? [...rows, ...rows] : [...rows]);
  const rows = context.lengths.length;
  const positions = context.lengths.flatMap((length) => Array.from({ length: own }, (_, i) => length + i));
  const wanted = twice(chosen);
  const tokensOf = wanted.flatMap((places, row) => Array.from(places, (place) => row * all + buffer + place));
  const { sources } = context;
  const canvas = sharedCanvas(twice(visible), count, buffer, sources?.count);
  const whole = (shape: number[], values: ArrayLike<number> | BigInt64Array) => hostArray("int64", shape, values);
  return {
    encoder: {
      visible: hostArray("float32", [pictures, seen, width], known),
      places: whole(
        [pictures, seen],
        visible.flatMap((places) => Array.from(places)),
      ),
      twin: whole(
        [rows],
        Array.from({ length: rows }, (_, row) => row % pictures),
      ),
    },
    language: {
      ...pastFeeds(context.cache),
      positions: whole([rows, own], positions),
      before: whole([rows], context.lengths),
    },
    decoder: {
      canvas: whole([rows, count], canvas),
      chosen: whole([rows, wanted[0].length], tokensOf),
      "chosen places": whole(
        [rows, wanted[0].length],
        wanted.flatMap((places) => Array.from(places)),
      ),
      ...(sources ? { hidden: sources.hidden } : {}),
    },
  };
}

/** Draws one round's tokens from noise with the diffusion head: [pictures x predicted, token]. */
export async function denoiseRound(
  options: DenoiseOptions,
  at: { round: number; rounds: number },
  condition: Value,
  predicted: number,
  guidance: number,
): Promise<Float32Array> {
  const { config, pictures, draws } = options;
  const width = tokenWidth(config.mar);
  const schedule = noiseSchedule({ maxBeta: config.max_beta, respacing: options.steps });
  const shape = [pictures * predicted, width];
  // Which scalars a step reads depends on guidance and on what the head predicts.
  const read = new Set(options.programs.denoise.inputs.map(({ name }) => name));
  const scalars = STEP_SCALARS.filter((name) => read.has(name));
  let x: Value = hostArray("float32", shape, draws.start(at.round, pictures, predicted, width));
  for (let step = 0; step < schedule.steps; step++) {
    await options.onStep?.({ ...at, step, steps: schedule.steps });
    const coefficients = stepCoefficients(schedule, schedule.steps - 1 - step);
    const values = { ...coefficients, noiseScale: coefficients.noiseScale * options.temperature, guidance };
    const noise = draws.step(at.round, step, pictures, predicted, width);
    const feeds: Record<string, Value> = {
      x,
      condition,
      noise: hostArray("float32", shape, noise),
      timestep: hostArray("float32", [1], [coefficients.mappedTimestep]),
    };
    for (const name of scalars) feeds[name] = hostArray("float32", [], [values[name]]);
    const { next } = await options.programs.denoise.runOnDevice(feeds);
    releaseValues([x]);
    x = next;
  }
  const drawn = await toHost(x);
  releaseValues([x]);
  return drawn.data as Float32Array;
}
