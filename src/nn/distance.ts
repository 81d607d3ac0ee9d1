import { add, divide, maximum, multiply, reduceSum, sqrt, square, subtract, type Tensor } from "../tensor/index.ts";

/** How far numbers are apart, by a distance that is smooth at 0 (P. Charbonnier et al., 1994): below `nearby` nearly by its square. */
export const smoothDistance = (x: Tensor, y: Tensor, nearby: number): Tensor =>
  subtract(sqrt(add(square(subtract(x, y)), nearby ** 2)), nearby);

/** The mean of what counts, or its sum where less than `least` does: scalar. counted: how much each counts, of a shape that goes with x. */
export const meanOfCounted = (x: Tensor, counted: Tensor, least = 1): Tensor =>
  divide(reduceSum(multiply(x, counted)), maximum(reduceSum(counted), least));
