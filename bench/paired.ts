/** A mean with the half width of its 95 % interval, by the normal approximation. */
export interface Mean {
  mean: number;
  spread: number;
}

/** The standard normal's 97.5 % quantile. */
const Z = 1.96;

export function meanOf(values: readonly number[]): Mean {
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / Math.max(1, values.length - 1);
  return { mean, spread: Z * Math.sqrt(variance / values.length) };
}

/** The mean of the differences of two measurements of the same things, which vary less than the things do. */
export const meanDifference = (values: readonly number[], others: readonly number[]): Mean =>
  meanOf(values.map((value, i) => value - others[i]));

/** The root of the mean square of the numbers of a list of arrays. */
export function rootMeanSquare(arrays: readonly ArrayLike<number>[]): number {
  let sum = 0;
  let count = 0;
  for (const array of arrays) {
    for (let j = 0; j < array.length; j++) sum += array[j] ** 2;
    count += array.length;
  }
  return Math.sqrt(sum / count);
}

/** {@link rootMeanSquare} of the differences between two lists of arrays. */
export const distance = (arrays: readonly ArrayLike<number>[], others: readonly ArrayLike<number>[]): number =>
  rootMeanSquare(arrays.map((array, i) => Float64Array.from(array, (value, j) => value - others[i][j])));

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
