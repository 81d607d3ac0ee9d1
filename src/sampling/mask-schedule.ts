import { UserError } from "../errors.ts";
import { tokensBetween } from "./orders.ts";

/** More rounds than this is a slip of the keyboard: no picture has as many tokens. */
const mostRounds = 65_536;

/** One round of drawing: which part of the token order it predicts. */
export interface MaskRound {
  /** Index among the rounds asked for, skipped ones counted. */
  round: number;
  /** Tokens hidden while the network looks: the first `maskedBefore` of the order. */
  maskedBefore: number;
  /** The cosine schedule's next mask length, at least 1 even in the last round; linear guidance reads this one. */
  maskLength: number;
  /** Tokens still hidden afterwards: `maskLength`, or 0 after the last round. Places `maskedAfter` to `maskedBefore` of the order are predicted. */
  maskedAfter: number;
  /** `maskedBefore - maskedAfter`, at least 1. */
  predicted: number;
}

/**
 * How many tokens to draw in which round: the cosine schedule of MAR (arXiv 2406.11838).
 * Rounds that would predict nothing are left out; the last predicts all that remain.
 *
 * @param tokens grid height times width
 * @param rounds rounds asked for (K)
 * @throws UserError when either is not a whole number of at least 1
 */
export function maskRounds(tokens: number, rounds: number): MaskRound[] {
  if (!Number.isInteger(tokens) || tokens < 1) {
    throw new UserError(`A picture needs at least one token to draw, not ${tokens}.`);
  }
  if (!Number.isInteger(rounds) || rounds < 1 || rounds > mostRounds) {
    throw new UserError(`The number of drawing rounds must be a whole number from 1 to ${mostRounds}, not ${rounds}.`);
  }
  const planned: MaskRound[] = [];
  let masked = tokens;
  for (let round = 0; round < rounds; round++) {
    const ratio = Math.cos(((Math.PI / 2) * (round + 1)) / rounds);
    const maskLength = Math.max(1, Math.min(masked - 1, Math.floor(tokens * ratio)));
    const maskedAfter = round === rounds - 1 ? 0 : maskLength;
    if (maskedAfter < masked) {
      planned.push({ round, maskedBefore: masked, maskLength, maskedAfter, predicted: masked - maskedAfter });
    }
    masked = maskedAfter;
  }
  return planned;
}

/** The tokens one round predicts, in raster order: Int32Array [round.predicted]. */
export function tokensToPredict(order: Int32Array, round: MaskRound): Int32Array {
  return tokensBetween(order, round.maskedAfter, round.maskedBefore);
}
