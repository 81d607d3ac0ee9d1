import { divide, maximum, multiply, reduceSum, type Tensor } from "../tensor/index.ts";

/**
 * The mean over places by how much each counts; less than that where all together count less than `least`, and 0 where none does.
 * x: [batch, places, features]; weights: [batch, places, 1]; result: [batch, features].
 */
export const weightedMean = (x: Tensor, weights: Tensor, least = 1): Tensor =>
  divide(reduceSum(multiply(x, weights), [1]), maximum(reduceSum(weights, [1]), least));
