import type { Random } from "../random.ts";

/** A random order of the tokens of one picture: Int32Array [tokens], a permutation of 0..tokens-1. The last entries are drawn first. */
export function drawOrder(random: Random, tokens: number): Int32Array {
  return Int32Array.from(random.shuffle(Array.from({ length: tokens }, (_, token) => token)));
}

/** The mask whose `masked` first tokens in `order` are hidden: Float32Array [tokens], 1 where hidden, 0 where visible. */
export function maskFromOrder(order: Int32Array, masked: number): Float32Array {
  const mask = new Float32Array(order.length);
  for (let i = 0; i < masked; i++) mask[order[i]] = 1;
  return mask;
}

/**
 * The tokens at places `start` to `end` (exclusive) of the order, in raster order, which is the order the model lists tokens in.
 * The visible tokens are `tokensBetween(order, masked, order.length)`.
 */
export function tokensBetween(order: Int32Array, start: number, end: number): Int32Array {
  return order.slice(start, end).sort();
}
