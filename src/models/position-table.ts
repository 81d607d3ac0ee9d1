import type { Scope } from "../nn/scope.ts";
import { concat, constant, matmul, reshape, slice, type Tensor, transpose } from "../tensor/index.ts";

/** Rows and columns of a grid of tokens. */
export type Grid = readonly [rows: number, columns: number];

/**
 * A learned position table for any grid: `leading` rows that belong to the buffer, then one row a grid place in raster order,
 * resized bilinearly where the grid is not the native one. Result: [leading + rows x columns, width].
 */
export function positionTable(
  scope: Scope,
  name: string,
  size: { leading: number; side: number; width: number },
  grid: Grid,
): Tensor {
  const { leading, side, width } = size;
  const count = leading + side * side;
  const whole = reshape(scope.parameter(name, [1, count, width], { kind: "normal", deviation: 0.02 }), [count, width]);
  if (grid[0] === side && grid[1] === side) return whole;
  const native = reshape(slice(whole, 0, leading, count), [side, side * width]);
  const tall = matmul(resizeMatrix(side, grid[0]), native); // [rows, side x width]
  const turned = reshape(transpose(reshape(tall, [grid[0], side, width]), [1, 0, 2]), [side, grid[0] * width]);
  const wide = matmul(resizeMatrix(side, grid[1]), turned); // [columns, rows x width]
  const resized = transpose(reshape(wide, [grid[1], grid[0], width]), [1, 0, 2]); // [rows, columns, width]
  const flat = reshape(resized, [grid[0] * grid[1], width]);
  return leading === 0 ? flat : concat([slice(whole, 0, 0, leading), flat], 0);
}

/** {@link bilinearWeights} as a tensor. */
export const resizeMatrix = (from: number, to: number): Tensor =>
  constant("float32", [to, from], bilinearWeights(from, to));

/**
 * A table's numbers, [leading + side x side, width], for a grid of another side, for good: what {@link positionTable} computes for that
 * grid each time. The leading rows stay. Result: [leading + to x to, width].
 */
export function resizeTable(
  table: Float32Array,
  size: { leading: number; side: number; width: number },
  to: number,
): Float32Array {
  const { leading, side, width } = size;
  const weights = bilinearWeights(side, to);
  const taps = Array.from({ length: to }, (_, i) =>
    Array.from({ length: side }, (_, from) => ({ from, weight: weights[i * side + from] })).filter((tap) => tap.weight),
  );
  const first = leading * width;
  const resized = new Float32Array(first + to * to * width);
  resized.set(table.subarray(0, first));
  taps.forEach((rows, row) => {
    taps.forEach((columns, column) => {
      const into = first + (row * to + column) * width;
      for (let i = 0; i < width; i++) {
        let sum = 0;
        for (const y of rows) {
          for (const x of columns) sum += y.weight * x.weight * table[first + (y.from * side + x.from) * width + i];
        }
        resized[into + i] = sum;
      }
    });
  });
  return resized;
}

/** Bilinear interpolation along one axis as a matrix [to, from]: pixel centres (align_corners false), edges held, no antialias. */
function bilinearWeights(from: number, to: number): Float32Array {
  const weights = new Float32Array(to * from);
  for (let i = 0; i < to; i++) {
    const source = Math.max(0, ((i + 0.5) * from) / to - 0.5);
    const low = Math.min(Math.floor(source), from - 1);
    const high = Math.min(low + 1, from - 1);
    const share = source - low;
    weights[i * from + low] += 1 - share;
    weights[i * from + high] += share;
  }
  return weights;
}
