/**
 * Where an edit puts something, for the config's `placed_pixels`; no part of the official model. What is new in an edit is drawn by itself, large,
 * which a small model can; what only moves, grows, shrinks or turns is there in the source. Convolutions over the source, told what the
 * diffusion head was told, say from where to where it goes.
 */

import { logLikelihood } from "../nn/bernoulli.ts";
import { linear } from "../nn/linear.ts";
import { residualBlock } from "../nn/residual-block.ts";
import type { Scope } from "../nn/scope.ts";
import {
  add,
  concat,
  constant,
  multiply,
  negate,
  reduceMean,
  reduceSum,
  reshape,
  silu,
  slice,
  softmax,
  sqrt,
  square,
  subtract,
  type Tensor,
} from "../tensor/index.ts";
import type { MarConfig } from "./config.ts";
import { bySquare, channelsLast, type EditedPicture, squareSide, toldBySquare } from "./squares.ts";

/** Pixels along the side of a square that votes, where a token is a multiple of it. */
const SQUARE = 8;
const WIDTH = 96;
const BLOCKS = 4;
/** Left, top, right and bottom. */
const EDGES = 4;
const ODDS = 2;
/** Edges that are off by less count by their square: a pixel of 64. */
const NEARBY = 1 / 64;
/** What edges count that are off by the side of the picture. */
const EDGES_WEIGHT = 4;

export interface Placing {
  /** The box in the source that something comes from, and that in the result that it, or something new, goes to, as shares of the side: [batch, 4], left, top, right and bottom. */
  from: Tensor;
  to: Tensor;
  /** Log-odds that something of the source goes elsewhere, grows, shrinks or turns, and that it then faces the other way: [batch, 2]. */
  odds: Tensor;
}

/** `scope` is the checkpoint's `mar.source_pixels.where`. */
export function place(scope: Scope, mar: MarConfig, edited: EditedPicture): Placing {
  const side = squareSide(mar, SQUARE);
  let x = add(
    toldBySquare(scope, mar, edited, side, WIDTH),
    bySquare(scope.child("source"), edited.source, side, WIDTH),
  );
  for (let index = 0; index < BLOCKS; index++) x = residualBlock(x, scope.child("block").child(index));
  const [batch, , rows, columns] = x.shape as [number, number, number, number];
  const wanted = 2 * EDGES + ODDS;
  const said = reshape(linear(silu(channelsLast(x)), scope.child("vote"), 2 * wanted), [
    batch,
    rows * columns,
    2 * wanted,
  ]);
  // Every number is a mean over squares of what each makes of it, weighed by how much each has to say of it.
  const weights = softmax(slice(said, 2, 0, wanted), 1);
  const opinions = add(slice(said, 2, wanted, 2 * wanted), centers(rows, columns));
  const agreed = reduceSum(multiply(weights, opinions), [1]);
  const part = (start: number, count: number) => slice(agreed, 1, start, start + count);
  return { from: part(0, EDGES), to: part(EDGES, EDGES), odds: part(2 * EDGES, ODDS) };
}

/** Where squares stand, for each of the numbers that are asked of them: [1, rows x columns, 10]. */
function centers(rows: number, columns: number): Tensor {
  const numbers = Array.from({ length: rows * columns }, (_, i) => {
    const [x, y] = [((i % columns) + 0.5) / columns, (Math.floor(i / columns) + 0.5) / rows];
    return [x, y, x, y, x, y, x, y, 0, 0];
  });
  return constant("float32", [1, rows * columns, 2 * EDGES + ODDS], numbers.flat());
}

/** What is true of edits, where it is known. */
export interface TruePlacing {
  /** Edges of the boxes `from` and `to`: [batch, 8]. */
  boxes: Tensor;
  /**
   * 1 or 0 each: whether it is known; whether something goes somewhere, is there in the source already, and is turned; and, for what is put together
   * with it, whether anything was drawn beside: [batch, 5].
   */
  facts: Tensor;
}

/** The mean over edits: of the edges, how far they are off in multiples of a quarter of the side; of what is so or not, its negative log-likelihood in nats. */
export function placingLoss({ from, to, odds }: Placing, { boxes, facts }: TruePlacing): Tensor {
  const fact = (index: number) => slice(facts, 1, index, index + 1);
  const [isKnown, goes, isThere, turns] = [0, 1, 2, 3].map(fact);
  const off = (edges: Tensor, first: number) => {
    const distance = square(subtract(edges, slice(boxes, 1, first, first + EDGES)));
    return multiply(reduceMean(subtract(sqrt(add(distance, NEARBY ** 2)), NEARBY), [1], true), EDGES_WEIGHT);
  };
  const unlikely = (index: number, is: Tensor) => negate(logLikelihood(slice(odds, 1, index, index + 1), is));
  const edges = add(multiply(off(from, 0), isThere), multiply(off(to, EDGES), goes));
  const facing = multiply(unlikely(1, turns), isThere);
  return reduceMean(reduceSum(concat([edges, facing, multiply(unlikely(0, isThere), isKnown)], 1), [1]));
}
