import { addDimensions, concat, pad, slice, type Tensor } from "../tensor/index.ts";

/** The features of every place of a row, and of so many before and after it, 0 beyond the ends: [batch, length, features] to [batch, length, (before + 1 + after) x features]. */
export function withSurroundings(x: Tensor, before: number, after: number): Tensor {
  const wide = pad(x, 1, before, after);
  const shifted = Array.from({ length: before + 1 + after }, (_, by) =>
    slice(wide, 1, by, addDimensions(x.shape[1], by)),
  );
  return concat(shifted, 2);
}
