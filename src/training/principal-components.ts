import { EigenvalueDecomposition, Matrix } from "ml-matrix";

export interface PrincipalComponents {
  /** Mean of the vectors: [size]. */
  mean: Float64Array;
  /** Directions of largest variance, one a row, largest first: [count][size]. */
  directions: Float64Array[];
  /** Variance along each direction. */
  variances: Float64Array;
}

/** Principal component analysis of `count` directions. vectors: rows of `size` numbers, one after the other. */
export function principalComponents(vectors: Float32Array, size: number, count: number): PrincipalComponents {
  const rows = vectors.length / size;
  const mean = new Float64Array(size);
  for (let row = 0; row < rows; row++) for (let i = 0; i < size; i++) mean[i] += vectors[row * size + i] / rows;
  const covariance = Matrix.zeros(size, size);
  const centred = new Float64Array(size);
  const sums = new Float64Array(size * size);
  for (let row = 0; row < rows; row++) {
    for (let i = 0; i < size; i++) centred[i] = vectors[row * size + i] - mean[i];
    for (let i = 0; i < size; i++) {
      const value = centred[i];
      for (let j = i; j < size; j++) sums[i * size + j] += value * centred[j];
    }
  }
  for (let i = 0; i < size; i++) {
    for (let j = i; j < size; j++) {
      covariance.set(i, j, sums[i * size + j] / rows);
      covariance.set(j, i, sums[i * size + j] / rows);
    }
  }
  const { realEigenvalues, eigenvectorMatrix } = new EigenvalueDecomposition(covariance, { assumeSymmetric: true });
  const order = realEigenvalues.map((_, i) => i).sort((a, b) => realEigenvalues[b] - realEigenvalues[a]);
  const chosen = order.slice(0, count);
  return {
    mean,
    directions: chosen.map((column) => Float64Array.from(eigenvectorMatrix.getColumn(column))),
    variances: Float64Array.from(chosen, (column) => realEigenvalues[column]),
  };
}
