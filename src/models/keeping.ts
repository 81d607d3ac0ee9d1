/**
 * What of an edit's source stays as it is, for the config's `source_pixels`; no part of the official model. A picture that went through tokens
 * comes back a little different everywhere, so an edit's result is put together pixel by pixel from the source and from what was drawn: a
 * mixture of two experts (C. M. Bishop, "Mixture density networks", 1994).
 */

import { linear } from "../nn/linear.ts";
import { patchify } from "../nn/patches.ts";
import type { Scope } from "../nn/scope.ts";
import { twoLayers } from "../nn/two-layers.ts";
import {
  add,
  concat,
  fullLike,
  logSoftmax,
  multiply,
  multiplyDimensions,
  reduceMean,
  reduceSum,
  reshape,
  sigmoid,
  silu,
  slice,
  square,
  subtract,
  type Tensor,
  transpose,
} from "../tensor/index.ts";
import type { MarConfig } from "./config.ts";
import { tokenPixels } from "./programs.ts";

const COLORS = 3;
/** Width of the network for each pixel. */
const FEATURES = 32;
/** How far, in the range [-1, 1], a number is usually off as each expert has it. */
const DEVIATIONS = { same: 0.05, drawn: 0.3 } as const;
/** How much less likely, at best, a pixel is by the drawing than by a source that stays. */
const BEHIND = COLORS * (Math.log(DEVIATIONS.drawn / DEVIATIONS.same) + 0.5);
/** Deviation of what is added to a token in training, as of a token that the head draws. */
const ROUGHLY = 0.5;
/** Log-odds are multiplied by this when a result is put together: a mean of what goes and what comes would show both. */
const DECISIVE = 3;
/** So far log-odds have to be above 0 for a pixel to stay rather than not: what stays by mistake undoes what was asked for. */
const RATHER_DRAWN = 1.5;

/** What {@link stays} reads of some tokens. */
export interface KeepingInputs {
  /** What the head was told: [rows, condition width]. */
  condition: Tensor;
  /** What it drew: [rows, token]; in training the token that it should draw, {@link drawnRoughly}. */
  token: Tensor;
  /** The source's pixels, as {@link tokenSquares} cuts them: [rows, 3 x pixels]. */
  source: Tensor;
}

/**
 * The log-odds that a pixel of the source stays, as far as the head's conditions, what it drew and the source's own pixels tell: of a network
 * for each token, and one for each pixel that is told of its token and sees its color in the source and, nearly, in the drawing. They begin at 0.
 * Result: [rows, pixels]; `scope` is the checkpoint's `mar.source_pixels`.
 */
export function stays(scope: Scope, mar: MarConfig, { condition, token, source }: KeepingInputs): Tensor {
  const [rows] = source.shape;
  const pixels = tokenPixels(mar) ** 2;
  const given = concat([condition, token, source], 1);
  const second = twoLayers(given, scope, mar.diffloss_w);
  const byPixel = (numbers: Tensor) => reshape(numbers, [rows, COLORS, pixels]);
  const [own, drawn] = [source, linear(token, scope.child("drawn"), COLORS * pixels)].map(byPixel);
  const seen = transpose(concat([own, drawn, square(subtract(own, drawn))], 1), [0, 2, 1]); // [rows, pixels, 9]
  const told = reshape(linear(second, scope.child("told"), FEATURES), [rows, 1, FEATURES]);
  const place = scope.parameter("place", [pixels, FEATURES], { kind: "zeros" });
  const features = silu(add(add(linear(seen, scope.child("pixel.0"), FEATURES), told), place));
  const zeros = { initial: { kind: "zeros" } } as const;
  return add(
    linear(second, scope.child("stays"), pixels, zeros),
    reshape(linear(features, scope.child("pixel.2"), 1, zeros), [rows, pixels]),
  );
}

/**
 * A token as if the head had drawn it, which is never quite right: that something else stands there can be told, but not pixel by pixel.
 * token, unit noise: [rows, token].
 */
export const drawnRoughly = (token: Tensor, noise: Tensor): Tensor => add(token, multiply(noise, ROUGHLY));

/**
 * The mean negative logarithm of the likelihood of an edit's target, in nats a number, above that of a source that stays as it is for certain: 0 is
 * the least. What will be drawn is not known; it counts as off by its usual deviation. odds: [rows, pixels]; source, target: [rows, 3 x pixels].
 */
export function keepingLoss(odds: Tensor, source: Tensor, target: Tensor): Tensor {
  const [rows, pixels] = odds.shape;
  const off = reduceSum(reshape(square(subtract(target, source)), [rows, COLORS, pixels]), [1]);
  const same = multiply(off, -0.5 / DEVIATIONS.same ** 2);
  const pair = (one: Tensor, other: Tensor) =>
    concat(
      [one, other].map((x) => reshape(x, [rows, pixels, 1])),
      2,
    );
  const likelihoods = add(logSoftmax(pair(odds, fullLike(odds, 0))), pair(same, fullLike(odds, -BEHIND)));
  // log(sum of exp(x)) is any x less its logarithmic softmax.
  const first = (x: Tensor) => slice(x, 2, 0, 1);
  return multiply(reduceMean(subtract(first(logSoftmax(likelihoods)), first(likelihoods))), 1 / COLORS);
}

/** The picture put together. odds: [rows, pixels]; source, drawn: [rows, 3 x pixels]; result: the same. */
export function putTogether(odds: Tensor, source: Tensor, drawn: Tensor): Tensor {
  const [rows, pixels] = odds.shape;
  const share = reshape(sigmoid(multiply(subtract(odds, RATHER_DRAWN), DECISIVE)), [rows, 1, pixels]);
  const kept = multiply(reshape(subtract(source, drawn), [rows, COLORS, pixels]), share);
  return add(drawn, reshape(kept, source.shape));
}

/** Pictures as what their tokens show: [pictures, 3, height, width] to [pictures x places, 3 x pixels]. */
export function tokenSquares(mar: MarConfig, pictures: Tensor): Tensor {
  const squares = patchify(pictures, tokenPixels(mar));
  const [batch, rows, columns, numbers] = squares.shape;
  return reshape(squares, [multiplyDimensions(multiplyDimensions(batch, rows), columns), numbers]);
}
