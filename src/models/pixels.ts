/** From squares' features to numbers for each of their pixels, for what paints pictures anew. */

import { linear } from "../nn/linear.ts";
import type { Scope } from "../nn/scope.ts";
import { add, multiply, reshape, silu, type Tensor, transpose } from "../tensor/index.ts";
import { channelsLast } from "./squares.ts";

/** Features of a pixel. */
const FEATURES = 32;
const ZEROS = { initial: { kind: "zeros" } } as const;

/**
 * Numbers for each pixel, 0 at first: by its square's features alone, and by two layers for each pixel, told of its square and its place there. By
 * what its square scales the first layer, a square can change colors as a matrix does.
 * x: [batch, features, rows, columns]; seen: [batch, rows, columns, pixels, channels]; result: the same with `out` channels.
 */
export function perPixel(scope: Scope, x: Tensor, seen: Tensor, out: number): Tensor {
  const features = silu(channelsLast(x));
  const [batch, rows, columns, pixels] = seen.shape as [number, number, number, number];
  const whole = linear(features, scope.child("whole"), pixels * out, ZEROS);
  const ofSquare = (name: string, options = {}) =>
    reshape(linear(features, scope.child(name), FEATURES, options), [batch, rows, columns, 1, FEATURES]);
  const place = scope.parameter("place", [pixels, FEATURES], { kind: "zeros" });
  const first = silu(add(add(linear(seen, scope.child("pixel.0"), FEATURES), ofSquare("square")), place));
  const scaled = multiply(first, add(ofSquare("scale", ZEROS), 1));
  const second = silu(linear(scaled, scope.child("pixel.2"), FEATURES));
  return add(reshape(whole, [batch, rows, columns, pixels, out]), linear(second, scope.child("pixel.4"), out, ZEROS));
}

/** [batch, channels, height, width] to [batch, rows, columns, side x side, channels]. */
export function byPixel(x: Tensor, side: number): Tensor {
  const [batch, channels, height, width] = x.shape as [number, number, number, number];
  const [rows, columns] = [height / side, width / side];
  const apart = transpose(reshape(x, [batch, channels, rows, side, columns, side]), [0, 2, 4, 3, 5, 1]);
  return reshape(apart, [batch, rows, columns, side * side, channels]);
}

/** The reverse of {@link byPixel}. */
export function together(x: Tensor, side: number): Tensor {
  const [batch, rows, columns, , channels] = x.shape as [number, number, number, number, number];
  const apart = transpose(reshape(x, [batch, rows, columns, side, side, channels]), [0, 5, 1, 3, 2, 4]);
  return reshape(apart, [batch, channels, rows * side, columns * side]);
}
