import { divide, maximum, multiply, reduceSum, softmax, type Tensor } from "../tensor/index.ts";

/** The mean of what counts, or its sum where less than `least` does: scalar. counted: how much each counts, of a shape that goes with x. */
export const meanOfCounted = (x: Tensor, counted: Tensor, least = 1): Tensor =>
  divide(reduceSum(multiply(x, counted)), maximum(reduceSum(counted), least));

/**
 * The mean over places by how much each counts; less than that where all together count less than `least`, and 0 where none does.
 * x: [batch, places, features]; weights: [batch, places, 1]; result: [batch, features].
 */
export const weightedMean = (x: Tensor, weights: Tensor, least = 1): Tensor =>
  divide(reduceSum(multiply(x, weights), [1]), maximum(reduceSum(weights, [1]), least));

/** Of every feature a mean of the opinions that places have of it, by how much each has to say there. say, opinions: [batch, places, features]; result: [batch, features]. */
export const byVotes = (say: Tensor, opinions: Tensor): Tensor => reduceSum(multiply(softmax(say, 1), opinions), [1]);
