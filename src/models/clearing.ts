/**
 * A picture without what stands in it, for the config's `layouts`; no part of the official model. A prompt's background is drawn with the prompt: the model
 * knows no pictures of nothing. What was drawn in front of it is painted over, and things that were drawn one by one are put there (models/layout.ts). What the
 * prompt says of the background helps: faint dots are easily lost among things.
 */

import { smoothDistance } from "../nn/distance.ts";
import { residualBlock } from "../nn/residual-block.ts";
import type { Scope } from "../nn/scope.ts";
import { add, multiply, reduceMean, slice, type Tensor } from "../tensor/index.ts";
import type { MarConfig } from "./config.ts";
import { byPixel, perPixel, together } from "./pixels.ts";
import { everywhere, type PromptTokens, readPrompt } from "./prompt-reading.ts";
import { bySquare, seeFarther, squareSide, squaresAlong } from "./squares.ts";

const COLORS = 3;
/** Pixels along the side of a square that has features of its own, where a token is a multiple of it. */
const SQUARE = 4;
/** Features of a square. */
const WIDTH = 48;
/** Residual blocks in squares of twice the side, which see all of a picture of 64 pixels. */
const FARTHER = { blocks: 5, width: 96 };

/** What the mean distance of a number counts. */
const WEIGHT = 5;
/** Smaller distances count by their square, of which a mean has the least: by distances alone a median leaves out faint dots until most of them are certain. */
const NEARBY = 0.2;

/**
 * The background of a picture that was drawn: [batch, 3, height, width], as the picture. It begins as the picture itself. `scope` is the checkpoint's
 * `layout.clear`.
 */
export function clearThings(scope: Scope, mar: MarConfig, drawn: Tensor, prompt: PromptTokens): Tensor {
  const side = squareSide(mar, SQUARE);
  const own = byPixel(drawn, side);
  const begun = add(
    bySquare(scope.child("source"), drawn, side, WIDTH),
    everywhere(readPrompt(scope.child("prompt"), prompt, WIDTH)),
  );
  let x = residualBlock(begun, scope.child("block"));
  x = seeFarther(x, scope.child("farther"), squaresAlong(mar, side), FARTHER);
  const change = perPixel(scope, x, own, COLORS + 1);
  const [added, kept] = [slice(change, 4, 0, COLORS), slice(change, 4, COLORS, COLORS + 1)];
  return together(add(multiply(own, add(kept, 1)), added), side);
}

/** Five times the mean distance that a cleared picture is off. cleared, background: [batch, 3, height, width]. */
export const clearingLoss = (cleared: Tensor, background: Tensor): Tensor =>
  multiply(reduceMean(smoothDistance(cleared, background, NEARBY)), WEIGHT);
