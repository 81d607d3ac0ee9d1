/**
 * What becomes of an edit's source pixel by pixel, for the config's `source_pixels`; no part of the official model. Tokens tell what a picture
 * shows, pixels where it ends: convolutions over the source, told of every token what the diffusion head was told there, paint it anew as the
 * instruction asks, and say of every pixel whether it stays, is the one painted, or is the one that was drawn (models/keeping.ts).
 */

import { linear } from "../nn/linear.ts";
import { unpatchify } from "../nn/patches.ts";
import { residualBlock } from "../nn/residual-block.ts";
import type { Scope } from "../nn/scope.ts";
import { add, concat, detach, multiply, slice, square, subtract, type Tensor } from "../tensor/index.ts";
import type { MarConfig } from "./config.ts";
import { byPixel, perPixel, together } from "./pixels.ts";
import { tokenPixels } from "./programs.ts";
import { bySquare, type EditedPicture, seeFarther, squareSide, squaresAlong, toldBySquare } from "./squares.ts";

const COLORS = 3;
/** Pixels along the side of a square that has features of its own, where a token is a multiple of it. */
const SQUARE = 4;
/** Features of a square. */
const WIDTH = 64;
/** Residual blocks that paint: those see 24 pixels around a square. */
const PAINTING = 3;
/** After the first of them as many see further, each 16 pixels, by squares of twice the side with so many features. */
const FARTHER = { blocks: 3, width: 128 };
/** Further ones, which see the drawing, too. */
const CHOOSING = 1;

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
    if (index === 0) x = seeFarther(x, paint.child("farther"), squaresAlong(mar, side), FARTHER);
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
