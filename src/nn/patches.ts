import { type Dimension, multiplyDimensions, reshape, type Tensor, transpose } from "../tensor/index.ts";

/**
 * A picture cut into squares: [batch, channels, height, width] to [batch, rows, columns, channels x patch x patch], the numbers of one
 * square in the order of a convolution kernel. Throws where the sides are no multiples of `patch`.
 */
export function patchify(x: Tensor, patch: number): Tensor {
  const [batch, channels, height, width] = x.shape;
  if (patch === 1) return transpose(x, [0, 2, 3, 1]);
  const rows = divideSide(height, patch);
  const columns = divideSide(width, patch);
  const apart = reshape(x, [batch, channels, rows, patch, columns, patch]);
  const gathered = transpose(apart, [0, 2, 4, 1, 3, 5]); // [batch, rows, columns, channels, patch, patch]
  return reshape(gathered, [batch, rows, columns, multiplyDimensions(channels, patch * patch)]);
}

/** The reverse of {@link patchify}: [batch, rows, columns, channels x patch x patch] to [batch, channels, height, width]. */
export function unpatchify(x: Tensor, patch: number): Tensor {
  const [batch, rows, columns, numbers] = x.shape;
  if (patch === 1) return transpose(x, [0, 3, 1, 2]);
  const channels = divideSide(numbers, patch * patch);
  const apart = reshape(x, [batch, rows, columns, channels, patch, patch]);
  const spread = transpose(apart, [0, 3, 1, 4, 2, 5]); // [batch, channels, rows, patch, columns, patch]
  return reshape(spread, [batch, channels, multiplyDimensions(rows, patch), multiplyDimensions(columns, patch)]);
}

/**
 * Sub-pixel enlargement (arXiv 1609.05158): [batch, channels x factor x factor, height, width] to
 * [batch, channels, height x factor, width x factor].
 */
export const depthToSpace = (x: Tensor, factor: number): Tensor => unpatchify(transpose(x, [0, 2, 3, 1]), factor);

function divideSide(size: Dimension, divisor: number): number {
  if (typeof size !== "number" || size % divisor !== 0) {
    throw new Error(`A size of ${size} cannot be divided into parts of ${divisor}: it must be a multiple of it.`);
  }
  return size / divisor;
}
