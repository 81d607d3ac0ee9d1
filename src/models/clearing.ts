/**
 * A picture without what stands in it, for the config's `layouts`; no part of the official model. A prompt's background is drawn with the prompt: the model
 * knows no pictures of nothing. What was drawn in front of it is painted over, and things that were drawn one by one are put there (models/layout.ts). What the
 * prompt says of the background helps: faint dots are easily lost among things.
 */

import { linear } from "../nn/linear.ts";
import { residualBlock } from "../nn/residual-block.ts";
import type { Scope } from "../nn/scope.ts";
import { withSurroundings } from "../nn/surroundings.ts";
import { twoLayers } from "../nn/two-layers.ts";
import { add, divide, multiply, reduceSum, slice, type Tensor, unsqueeze } from "../tensor/index.ts";
import type { MarConfig } from "./config.ts";
import type { PromptTokens } from "./layout.ts";
import { byPixel, perPixel, together } from "./pixels.ts";
import { bySquare, seeFarther, squareSide, squaresAlong } from "./squares.ts";

const COLORS = 3;
/** Pixels along the side of a square that has features of its own, where a token is a multiple of it. */
const SQUARE = 4;
/** Features of a square. */
const WIDTH = 48;
/** Residual blocks in squares of twice the side, which see all of a picture of 64 pixels. */
const FARTHER = { blocks: 5, width: 96 };

/** Features of a token, and so many tokens before and after one that it is read with. */
const TOKEN = 32;
const AROUND = 3;

/**
 * The background of a picture that was drawn: [batch, 3, height, width], as the picture. It begins as the picture itself. `scope` is the checkpoint's
 * `layout.clear`.
 */
export function clearThings(scope: Scope, mar: MarConfig, drawn: Tensor, prompt: PromptTokens): Tensor {
  const side = squareSide(mar, SQUARE);
  const own = byPixel(drawn, side);
  const begun = add(bySquare(scope.child("source"), drawn, side, WIDTH), readPrompt(scope.child("prompt"), prompt));
  let x = residualBlock(begun, scope.child("block"));
  x = seeFarther(x, scope.child("farther"), squaresAlong(mar, side), FARTHER);
  const change = perPixel(scope, x, own, COLORS + 1);
  const [added, kept] = [slice(change, 4, 0, COLORS), slice(change, 4, COLORS, COLORS + 1)];
  return together(add(multiply(own, add(kept, 1)), added), side);
}

/** What all squares are told of a prompt: [batch, features, 1, 1]. */
function readPrompt(scope: Scope, { embeddings, isOwn }: PromptTokens): Tensor {
  const counted = unsqueeze(isOwn, 2);
  const own = multiply(linear(embeddings, scope.child("own"), TOKEN), counted);
  const read = twoLayers(withSurroundings(own, AROUND, AROUND), scope, 2 * WIDTH);
  const sum = reduceSum(multiply(read, counted), [1]);
  const told = linear(divide(sum, reduceSum(counted, [1])), scope.child("told"), WIDTH);
  return unsqueeze(unsqueeze(told, 2), 3);
}
