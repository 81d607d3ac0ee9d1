/**
 * Where an edit puts something new, for the config's `changes`; no part of the official model. What is new is drawn by itself, large, which a small model
 * can, and then put in its place. Convolutions over the source, told of the prompt and of where that is that it is put beside, say where.
 */

import { smoothDistance } from "../nn/distance.ts";
import { linear } from "../nn/linear.ts";
import { byVotes, meanOfCounted } from "../nn/means.ts";
import { residualBlock } from "../nn/residual-block.ts";
import type { Scope } from "../nn/scope.ts";
import { add, concat, constant, multiply, reduceMean, reshape, silu, slice, type Tensor } from "../tensor/index.ts";
import type { MarConfig } from "./config.ts";
import { everywhere, type PromptTokens, readPromptByVotes } from "./prompt-reading.ts";
import { bySquare, channelsLast, squareSide } from "./squares.ts";

/** Pixels along the side of a square that votes, where a token is a multiple of it. */
const SQUARE = 8;
const WIDTH = 96;
const BLOCKS = 4;
/** Left, top, right and bottom. */
const EDGES = 4;
/** Edges that are off by less count by their square: a pixel of 64. */
const NEARBY = 1 / 64;
/** What an edge counts that is off by the side of the picture. */
const EDGES_WEIGHT = 4;

/** What something new is put into. */
export interface Placed {
  /** The source: [batch, 3, height, width] in [-1, 1]. */
  source: Tensor;
  /** How much of every pixel is that of what it is put beside, 0 to 1: [batch, 1, height, width]. Nothing, where it is put beside nothing. */
  beside: Tensor;
  /** Of the edit. */
  prompt: PromptTokens;
}

/** The box in the result that something new goes to, as shares of the sides: [batch, 4], left, top, right and bottom. `scope` is the checkpoint's `changes.where`. */
export function place(scope: Scope, mar: MarConfig, { source, beside, prompt }: Placed): Tensor {
  const side = squareSide(mar, SQUARE);
  let x = add(
    everywhere(readPromptByVotes(scope.child("prompt"), prompt, WIDTH)),
    bySquare(scope.child("source"), concat([source, beside], 1), side, WIDTH),
  );
  for (let index = 0; index < BLOCKS; index++) x = residualBlock(x, scope.child("block").child(index));
  const [batch, , rows, columns] = x.shape as [number, number, number, number];
  const votes = linear(silu(channelsLast(x)), scope.child("vote"), 2 * EDGES);
  const said = reshape(votes, [batch, rows * columns, 2 * EDGES]);
  // Every edge is a mean over squares of where each has it, weighed by how much each has to say of it.
  return byVotes(slice(said, 2, 0, EDGES), add(slice(said, 2, EDGES, 2 * EDGES), middles(rows, columns)));
}

/** Where squares have every edge at first, at their middles: [1, rows x columns, 4]. */
function middles(rows: number, columns: number): Tensor {
  const numbers = Array.from({ length: rows * columns }, (_, i) => {
    const [x, y] = [((i % columns) + 0.5) / columns, (Math.floor(i / columns) + 0.5) / rows];
    return [x, y, x, y];
  });
  return constant("float32", [1, rows * columns, EDGES], numbers.flat());
}

/**
 * Four times how far an edge is off on average, as a share of the side, over the edits that put something new somewhere.
 * box, truth: [..., 4]; isNew: 1 where an edit does so, 0 where not, [..., 1].
 */
export function placingLoss(box: Tensor, truth: Tensor, isNew: Tensor): Tensor {
  const axis = box.rank - 1;
  const distance = reduceMean(smoothDistance(box, truth, NEARBY), [axis], true);
  return multiply(meanOfCounted(distance, isNew), EDGES_WEIGHT);
}
