/**
 * What becomes of an edit's source pixel by pixel, for the config's `source_pixels`; no part of the official model. Tokens tell what a picture
 * shows, pixels where it ends: convolutions over the source, told of every token what the diffusion head was told there, paint it anew as the
 * instruction asks, and say of every pixel whether it stays, is the one painted, or is the one that was drawn (models/keeping.ts).
 */

import { linear } from "../nn/linear.ts";
import { patchify, unpatchify } from "../nn/patches.ts";
import { residualBlock } from "../nn/residual-block.ts";
import type { Scope } from "../nn/scope.ts";
import {
  add,
  concat,
  detach,
  multiply,
  reshape,
  silu,
  slice,
  square,
  subtract,
  type Tensor,
  transpose,
} from "../tensor/index.ts";
import type { MarConfig } from "./config.ts";
import { tokenPixels } from "./programs.ts";
import { bySquare, channelsFirst, channelsLast, type EditedPicture, squareSide, toldBySquare } from "./squares.ts";

const COLORS = 3;
/** Pixels along the side of a square that has features of its own, where a token is a multiple of it. */
const SQUARE = 4;
/** Features of a square. */
const WIDTH = 64;
/** Features of a pixel. */
const FEATURES = 32;
/** Residual blocks that paint: those see 24 pixels around a square. */
const PAINTING = 3;
/** After the first of them as many see further, each 16 pixels, by squares of twice the side with so many features. */
const FARTHER = 3;
const FARTHER_WIDTH = 128;
/** Further ones, which see the drawing, too. */
const CHOOSING = 1;
const ZEROS = { initial: { kind: "zeros" } } as const;

/** What {@link repaint} reads. */
export interface RepaintInputs extends EditedPicture {
  /** What the head drew, in training what it would: [batch, rows, columns, token]. */
  token: Tensor;
}

export interface Repainted {
  /** The source as the instruction would have it, as far as it can be told without drawing: [batch, 3, height, width]. It begins as the source itself. */
  painted: Tensor;
  /** The log-odds, against the pixel that was drawn, of the source's own pixel and of the painted one: [batch, 2, height, width]. They begin at 0. */
  odds: Tensor;
}

/**
 * Paints an edit's source anew, and chooses. Of every pixel it is said how much of it goes and what comes to it, so that an edge of something
 * that is removed need not be painted over. What is painted knows nothing of what is drawn. `scope` is the checkpoint's `mar.source_pixels`.
 */
export function repaint(scope: Scope, mar: MarConfig, inputs: RepaintInputs): Repainted {
  const { token, source } = inputs;
  const side = squareSide(mar, SQUARE);
  const squares = (child: Scope, picture: Tensor) => bySquare(child, picture, side, WIDTH);
  const pixels = (x: Tensor) => byPixel(x, side);
  const own = pixels(source);
  const paint = scope.child("paint");
  let x = add(toldBySquare(scope, mar, inputs, side, WIDTH), squares(paint.child("source"), source));
  for (let index = 0; index < PAINTING; index++) {
    x = residualBlock(x, paint.child("block").child(index));
    if (index === 0) x = seeFarther(x, paint.child("farther"), squaresAlong(mar));
  }
  const change = perPixel(paint, x, own, COLORS + 1);
  const [added, kept] = [slice(change, 4, 0, COLORS), slice(change, 4, COLORS, COLORS + 1)];
  const painted = together(add(multiply(own, add(kept, 1)), added), side);

  const choose = scope.child("choose");
  const drawn = unpatchify(linear(token, scope.child("drawn"), COLORS * tokenPixels(mar) ** 2), tokenPixels(mar));
  const known = detach(painted);
  const apart = [source, known].map((picture) => square(subtract(picture, drawn)));
  let y = add(x, squares(choose.child("drawn"), concat([drawn, ...apart], 1)));
  for (let index = 0; index < CHOOSING; index++) y = residualBlock(y, choose.child("block").child(index));
  const others = pixels(concat([known, drawn, ...apart, square(subtract(source, known))], 1));
  const seen = concat([own, others], 4);
  return { painted, odds: together(perPixel(choose, y, seen, 2), side) };
}

/** Squares along the side of a token. */
const squaresAlong = (mar: MarConfig): number => tokenPixels(mar) / squareSide(mar, SQUARE);

/** Adds to squares' features what lies further around: nothing at first. A token whose squares are no pairs has them one by one. x, result: [batch, WIDTH, rows, columns]. */
function seeFarther(x: Tensor, scope: Scope, squares: number): Tensor {
  const pair = squares % 2 === 0 ? 2 : 1;
  let y = channelsFirst(linear(patchify(x, pair), scope.child("in"), FARTHER_WIDTH));
  for (let index = 0; index < FARTHER; index++) y = residualBlock(y, scope.child("block").child(index));
  return add(x, unpatchify(linear(silu(channelsLast(y)), scope.child("out"), WIDTH * pair ** 2, ZEROS), pair));
}

/**
 * Numbers for each pixel, 0 at first: by its square's features alone, and by two layers for each pixel, told of its square and its place there. By
 * what its square scales the first layer, a square can change colors as a matrix does.
 * x: [batch, WIDTH, rows, columns]; seen: [batch, rows, columns, pixels, channels]; result: the same with `out` channels.
 */
function perPixel(scope: Scope, x: Tensor, seen: Tensor, out: number): Tensor {
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
function byPixel(x: Tensor, side: number): Tensor {
  const [batch, channels, height, width] = x.shape as [number, number, number, number];
  const [rows, columns] = [height / side, width / side];
  const apart = transpose(reshape(x, [batch, channels, rows, side, columns, side]), [0, 2, 4, 3, 5, 1]);
  return reshape(apart, [batch, rows, columns, side * side, channels]);
}

/** The reverse of {@link byPixel}. */
function together(x: Tensor, side: number): Tensor {
  const [batch, rows, columns, , channels] = x.shape as [number, number, number, number, number];
  const apart = transpose(reshape(x, [batch, rows, columns, side, side, channels]), [0, 5, 1, 3, 2, 4]);
  return reshape(apart, [batch, channels, rows * side, columns * side]);
}
