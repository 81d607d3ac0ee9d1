/** Where in a picture something is that words name, for the config's `changes`; no part of the official model. */

import { logLikelihood } from "../nn/bernoulli.ts";
import { linear } from "../nn/linear.ts";
import { meanOfCounted } from "../nn/means.ts";
import { depthToSpace } from "../nn/patches.ts";
import { residualBlock } from "../nn/residual-block.ts";
import type { Scope } from "../nn/scope.ts";
import { twoLayers } from "../nn/two-layers.ts";
import { add, concat, multiply, negate, reduceMean, reshape, type Tensor, unsqueeze } from "../tensor/index.ts";
import { patchSide, type UniPicConfig } from "./config.ts";
import { byPixel, perPixel, together } from "./pixels.ts";
import { bySquare, channelsFirst, seeFarther, squareSide, squaresAlong } from "./squares.ts";

const SQUARE = 4;
const WIDTH = 48;
/** Features of how a patch fits to the words. */
const FIT_WIDTH = 128;
const FARTHER = { blocks: 3, width: 96 };

/** What is looked at. */
export interface Sought {
  /** The picture: [batch, 3, side, side] in [-1, 1]. */
  source: Tensor;
  /** What the language model gets of it by the vision tower, whose patches speak its words: [batch, patches, hidden]. */
  vision: Tensor;
  /** The mean embedding of the words: [batch, hidden]. */
  words: Tensor;
}

/** So many squares of a picture of `side` pixels lie along each of the tower's patches; things can be found where that is a whole number. */
export const squaresOfPatch = ({ mar, siglip2 }: UniPicConfig, side: number): number =>
  side / squareSide(mar, SQUARE) / patchSide(siglip2);

/** Log-odds of every pixel that it shows the thing, and that it shows the thing or its shadow: [batch, 2, side, side]. `scope` is the checkpoint's `changes.find`. */
export function findThing(scope: Scope, config: UniPicConfig, { source, vision, words }: Sought): Tensor {
  const { mar, siglip2 } = config;
  const side = squareSide(mar, SQUARE);
  const patches = patchSide(siglip2);
  const squares = squaresOfPatch(config, source.shape[3] as number);
  if (!Number.isInteger(squares)) throw new Error("The vision tower's patches are no whole squares of the picture.");
  const named = unsqueeze(words, 1);
  const given = concat([vision, multiply(vision, named), add(multiply(vision, 0), named)], 2);
  const fit = linear(twoLayers(given, scope.child("fit"), FIT_WIDTH), scope.child("told"), WIDTH * squares ** 2);
  const told = reshape(fit, [vision.shape[0], patches, patches, WIDTH * squares ** 2]);
  let x = add(depthToSpace(channelsFirst(told), squares), bySquare(scope.child("source"), source, side, WIDTH));
  x = residualBlock(x, scope.child("block.0"));
  x = seeFarther(x, scope.child("farther"), squaresAlong(mar, side), FARTHER);
  x = residualBlock(x, scope.child("block.1"));
  return together(perPixel(scope, x, byPixel(source, side), 2), side);
}

/** The mean negative log-likelihood, in nats a pixel, of pictures that show what is sought. odds, truth: [batch, 2, side, side]; isThere: [batch, 1]. */
export function findingLoss(odds: Tensor, truth: Tensor, isThere: Tensor): Tensor {
  const each = reduceMean(negate(logLikelihood(odds, truth)), [1, 2, 3]);
  return meanOfCounted(each, reshape(isThere, [isThere.shape[0]]));
}
