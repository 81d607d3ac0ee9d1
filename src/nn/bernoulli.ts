import { absolute, add, exp, log, maximum, multiply, negate, subtract, type Tensor } from "../tensor/index.ts";

/** The logarithm of the likelihood of what is so (1) or not (0), by its log-odds: of one shape, as the result. */
export function logLikelihood(odds: Tensor, is: Tensor): Tensor {
  const certain = subtract(multiply(odds, is), maximum(odds, 0));
  return subtract(certain, log(add(exp(negate(absolute(odds))), 1)));
}
