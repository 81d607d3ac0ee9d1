/** Something painted in a color, tone by tone, for the config's `changes`; no part of the official model. */

import { smoothDistance } from "../nn/distance.ts";
import { linear } from "../nn/linear.ts";
import type { Scope } from "../nn/scope.ts";
import {
  add,
  divide,
  maximum,
  multiply,
  reduceSum,
  reshape,
  silu,
  type Tensor,
  transpose,
  unsqueeze,
} from "../tensor/index.ts";
import { meanTone, pixelRows } from "./tones.ts";

const COLORS = 3;
const WIDTH = 48;
/** Smaller distances count by their square. */
const NEARBY = 0.1;
/** A thing of fewer pixels than this is none. */
const FEWEST = 1;

export interface Recolored {
  /** [batch, 3, height, width] in [-1, 1]. */
  source: Tensor;
  /** How much of every pixel is the thing's, 0 to 1: [batch, 1, height, width]. */
  share: Tensor;
  /** The mean embedding of the words for the color: [batch, hidden]. */
  color: Tensor;
}

/**
 * The picture as it is where the thing is not, all painted as the thing is to be: [batch, 3, height, width]. A tone becomes one of the color's by how it lies
 * among the thing's tones, of which a mean of features tells. `scope` is the checkpoint's `changes.paint`.
 */
export function recolor(scope: Scope, { source, share, color }: Recolored): Tensor {
  const own = pixelRows(source);
  const mean = meanTone(scope, source, share, WIDTH);
  const told = silu(add(linear(mean, scope.child("mean"), WIDTH), linear(color, scope.child("color"), WIDTH)));
  const of = (name: string) => unsqueeze(linear(told, scope.child(name), WIDTH), 1);
  const first = silu(add(linear(own, scope.child("pixel.0"), WIDTH), of("shift.0")));
  const second = silu(
    add(linear(multiply(first, add(of("scale.0"), 1)), scope.child("pixel.2"), WIDTH), of("shift.2")),
  );
  const painted = linear(multiply(second, add(of("scale.2"), 1)), scope.child("pixel.4"), COLORS);
  return reshape(transpose(painted, [0, 2, 1]), source.shape);
}

/** How far the thing is off, on average over its pixels, where it is to be painted. painted, target: [batch, 3, height, width]; share as above; isPainted: [batch, 1]. */
export function recoloringLoss(painted: Tensor, target: Tensor, share: Tensor, isPainted: Tensor): Tensor {
  const distance = smoothDistance(painted, target, NEARBY);
  const counted = multiply(share, unsqueeze(unsqueeze(isPainted, 2), 3));
  return divide(reduceSum(multiply(distance, counted)), maximum(multiply(reduceSum(counted), COLORS), FEWEST));
}
