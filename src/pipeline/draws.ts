import { Random } from "../random.ts";
import { drawOrder } from "../sampling/orders.ts";

/** Every random draw that drawing pictures needs. Sampling asks for them in this form so that recorded draws can take their place. */
export interface Draws {
  /** The order in which a picture's places are drawn, last entries first: a permutation of [count]. */
  order(picture: number, count: number): Int32Array;
  /** Unit noise that a round's tokens start from: [pictures x tokens x width], picture by picture, `tokens` of each. */
  start(round: number, pictures: number, tokens: number, width: number): Float32Array;
  /** Unit noise of one denoising step, counted from 0 at the noisiest: [pictures x tokens x width]. */
  step(round: number, step: number, pictures: number, tokens: number, width: number): Float32Array;
}

/** Draws from a generator of its own for each picture, so that a picture does not depend on those drawn beside it. */
export function seededDraws(seeds: readonly number[]): Draws {
  const generators = seeds.map((seed) => new Random(seed));
  const noise = (tokens: number, width: number): Float32Array => {
    const size = tokens * width;
    const all = new Float32Array(generators.length * size);
    generators.forEach((random, picture) => {
      all.set(random.normals(size), picture * size);
    });
    return all;
  };
  return {
    order: (picture, count) => drawOrder(generators[picture], count),
    start: (_round, _pictures, tokens, width) => noise(tokens, width),
    step: (_round, _step, _pictures, tokens, width) => noise(tokens, width),
  };
}
