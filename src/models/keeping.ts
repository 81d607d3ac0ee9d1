/**
 * What an edit's result is put together of, pixel by pixel, for the config's `source_pixels`; no part of the official model: of the source as it
 * is, of the source painted anew (models/repainting.ts) and of what was drawn, since a picture that went through tokens comes back a little
 * different everywhere. A mixture of three experts (C. M. Bishop, "Mixture density networks", 1994).
 */

import { smoothDistance } from "../nn/distance.ts";
import {
  add,
  concat,
  fullLike,
  logSoftmax,
  multiply,
  reduceMean,
  reduceSum,
  slice,
  softmax,
  square,
  subtract,
  type Tensor,
} from "../tensor/index.ts";
import type { Repainted } from "./repainting.ts";

const COLORS = 3;
/** How far, in the range [-1, 1], a number is usually off as each expert has it. */
const DEVIATIONS = { same: 0.05, painted: 0.07, drawn: 0.2 } as const;
/** How much less likely, at best, a pixel is by an expert than by a source that stays. */
const behind = (deviation: number): number => COLORS * Math.log(deviation / DEVIATIONS.same);
/** What will be drawn is not known; it counts as off by its usual deviation. */
const DRAWN = behind(DEVIATIONS.drawn) + COLORS / 2;
/** What the mean distance of a painted number counts, in nats: a mixture teaches nothing to an expert that is far off. */
const PAINTING_WEIGHT = 5;
/** Smaller distances count by their square, of which a mean has the least: by distances alone a median leaves out faint dots until most of them are certain. */
const NEARBY = 0.2;
/** Deviation of what is added to a token in training, as of a token that the head draws. */
const ROUGHLY = 0.3;
/** Log-odds are multiplied by this when a result is put together: a mean of what goes and what comes would show both. */
const DECISIVE = 3;
/** So much the log-odds of a drawn pixel are raised first: what stays by mistake undoes what was asked for, and small things are painted over. */
const RATHER_DRAWN = 1;

/** Pictures of one edit or several, [batch, 3, height, width] in [-1, 1]. */
export type Pictures<Name extends string> = Record<Name, Tensor>;

/** A token as the head might have drawn it, which is never quite right. token, unit noise: [..., token]. */
export const drawnRoughly = (token: Tensor, noise: Tensor): Tensor => add(token, multiply(noise, ROUGHLY));

/**
 * The mean negative logarithm of the likelihood of an edit's target, in nats a number, above that of a source that stays as it is for certain: 0 is
 * the least.
 */
export function keepingLoss({ odds, painted }: Repainted, { source, target }: Pictures<"source" | "target">): Tensor {
  const by = (picture: Tensor, deviation: number) => {
    const off = reduceSum(square(subtract(target, picture)), [1], true);
    return subtract(multiply(off, -0.5 / deviation ** 2), behind(deviation));
  };
  const own = by(source, DEVIATIONS.same);
  const experts = concat([own, by(painted, DEVIATIONS.painted), fullLike(own, -DRAWN)], 1);
  const likelihoods = add(logSoftmax(withDrawn(odds), 1), experts);
  // log(sum of exp(x)) is any x less its logarithmic softmax.
  const first = (x: Tensor) => slice(x, 1, 0, 1);
  return multiply(reduceMean(subtract(first(logSoftmax(likelihoods, 1)), first(likelihoods))), 1 / COLORS);
}

/** What the painting is off by, counted as in nats, wherever it is. */
export function paintingLoss({ painted }: Pick<Repainted, "painted">, target: Tensor): Tensor {
  return multiply(reduceMean(smoothDistance(painted, target, NEARBY)), PAINTING_WEIGHT);
}

/** The result: [batch, 3, height, width]. */
export function putTogether({ odds, painted }: Repainted, { source, drawn }: Pictures<"source" | "drawn">): Tensor {
  const shares = softmax(multiply(withDrawn(subtract(odds, RATHER_DRAWN)), DECISIVE), 1);
  const share = (picture: Tensor, index: number) =>
    multiply(subtract(picture, drawn), slice(shares, 1, index, index + 1));
  return add(drawn, add(share(source, 0), share(painted, 1)));
}

/** Log-odds of all three experts: [batch, 3, height, width]. */
const withDrawn = (odds: Tensor): Tensor => concat([odds, fullLike(slice(odds, 1, 0, 1), 0)], 1);
