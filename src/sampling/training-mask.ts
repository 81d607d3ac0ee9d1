import { UserError } from "../errors.ts";
import type { Random } from "../random.ts";
import { drawOrder, maskFromOrder } from "./orders.ts";

/**
 * How many tokens to hide in a training batch: `ceil(tokens r)`, r from a normal around 1 with deviation 0.25 kept to [minimum, 1]
 * (MAR, arXiv 2406.11838, section 4.2). Draw it once a batch, so that every row has the same number of visible tokens.
 *
 * @param maskRatioMin the config's `mask_ratio_min`, 0 to 1
 * @throws UserError when it is not
 */
export function trainingMaskCount(random: Random, tokens: number, maskRatioMin = 0.7): number {
  if (!(maskRatioMin >= 0 && maskRatioMin <= 1)) {
    throw new UserError(`The smallest mask ratio must lie between 0 and 1, not ${maskRatioMin}.`);
  }
  // Rejection would never end on an interval without width.
  if (maskRatioMin === 1) return tokens;
  return maskCountAt(tokens, random.truncatedNormal(1, 0.25, maskRatioMin, 1));
}

/** How many of the tokens a mask rate hides. */
export const maskCountAt = (tokens: number, rate: number): number => Math.ceil(tokens * rate);

/** One row's training mask: `masked` random tokens hidden. Float32Array [tokens], 1 where hidden. */
export function trainingMask(random: Random, tokens: number, masked: number): Float32Array {
  if (!Number.isInteger(masked) || masked < 0 || masked > tokens) {
    throw new RangeError(
      `Cannot hide ${masked} of ${tokens} tokens: the count must be a whole number from 0 to ${tokens}.`,
    );
  }
  return maskFromOrder(drawOrder(random, tokens), masked);
}
