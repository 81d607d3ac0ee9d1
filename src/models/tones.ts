/** What is seen of something by its colors alone. */

import { linear } from "../nn/linear.ts";
import { weightedMean } from "../nn/means.ts";
import type { Scope } from "../nn/scope.ts";
import { reshape, silu, type Tensor, transpose } from "../tensor/index.ts";

/** So many features of something, a mean over its pixels. source: [batch, 3, height, width]; share: how much of every pixel is its, [batch, 1, height, width]; result: [batch, features]. */
export function meanTone(scope: Scope, source: Tensor, share: Tensor, features: number): Tensor {
  const first = silu(linear(pixelRows(source), scope.child("tone.0"), features));
  return weightedMean(silu(linear(first, scope.child("tone.2"), features)), pixelRows(share));
}

/** A picture pixel by pixel: [batch, channels, height, width] to [batch, height x width, channels]. */
export function pixelRows(x: Tensor): Tensor {
  const [batch, channels, height, width] = x.shape as [number, number, number, number];
  return transpose(reshape(x, [batch, channels, height * width]), [0, 2, 1]);
}
