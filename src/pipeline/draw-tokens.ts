import { tokenWidth } from "../models/config.ts";
import { releaseValues, type Value } from "../runtime/values.ts";
import { type GuidanceSchedule, guidanceScale } from "../sampling/guidance.ts";
import { type MaskRound, maskRounds } from "../sampling/mask-schedule.ts";
import { tokensBetween } from "../sampling/orders.ts";
import { planRounds, type RoundPlanOptions } from "../sampling/round-plan.ts";
import { type DenoiseOptions, denoiseRound } from "./denoise-round.ts";
import { ConditionSource, type ConditionSourceOptions } from "./round-conditions.ts";

export type { DrawingContext } from "./round-feeds.ts";

export interface DrawTokensOptions
  extends RoundPlanOptions,
    ConditionSourceOptions,
    Omit<DenoiseOptions, "steps" | "programs"> {
  /** The round, and one step of the sampler. */
  programs: ConditionSourceOptions["programs"] & DenoiseOptions["programs"];
  guidance: number;
  guidanceSchedule: GuidanceSchedule;
  /** Rounds of prediction (K). */
  rounds: number;
  /** For a closer look at every round, which is waited for; what lies on the device is released afterwards. */
  onRound?: (seen: RoundResult) => unknown;
}

export interface RoundResult {
  round: MaskRound;
  /** Which of the rounds that are not skipped this is, from 0, and how many there are. */
  number: number;
  rounds: number;
  /** The round's guidance; 1 where it is unguided. */
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
  const plans = planRounds(rounds.length, options);
  const conditions = new ConditionSource(options, orders);
  try {
    for (const [number, round] of rounds.entries()) {
      const plan = plans[number];
      const { condition, outputs } = await conditions.next(round, plan, tokens);
      const isGuided = plan.unconditional !== "absent";
      const guidance = isGuided
        ? guidanceScale(options.guidanceSchedule, options.guidance, round.maskLength, count)
        : 1;
      const at = { round: number, rounds: rounds.length };
      const denoising = { ...options, steps: plan.steps };
      const predicted = orders.map((order) => tokensBetween(order, round.maskedAfter, round.maskedBefore));
      const sampled = await denoiseRound(denoising, at, condition, round.predicted, guidance);
      predicted.forEach((places, picture) => {
        places.forEach((place, i) => {
          const from = (picture * round.predicted + i) * width;
          tokens.set(sampled.subarray(from, from + width), (picture * count + place) * width);
        });
      });
      const hidden = orders.map((order) => tokensBetween(order, 0, round.maskedAfter));
      const result = { outputs, sampled, tokens, hidden };
      await options.onRound?.({ round, number, rounds: rounds.length, guidance, ...result });
      releaseValues(outputs);
    }
  } finally {
    conditions.release();
  }
  return tokens;
}
