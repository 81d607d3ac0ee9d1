import {
  add,
  divide,
  fullLike,
  minimum,
  multiply,
  reduceSum,
  sqrt,
  square,
  subtract,
  type Tensor,
} from "../tensor/index.ts";

/** AdamW's constants (arXiv 1711.05101). */
export interface AdamWOptions {
  beta1: number;
  beta2: number;
  epsilon: number;
  weightDecay: number;
  /** Gradients are scaled down to this total norm when theirs is larger. */
  maxNorm: number;
}

export const ADAMW: AdamWOptions = { beta1: 0.9, beta2: 0.95, epsilon: 1e-8, weightDecay: 0.02, maxNorm: 1 };

/** Weight decay leaves out vectors, biases and the diffusion head (model.md, "Losses"). */
export function decays(name: string, shape: readonly unknown[]): boolean {
  return shape.length > 1 && !name.endsWith(".bias") && !name.includes("diffloss");
}

/** Square root of the sum of all squared gradients, before clipping: a scalar. */
export function totalNorm(gradients: readonly Tensor[]): Tensor {
  return sqrt(gradients.map((gradient) => reduceSum(square(gradient))).reduce(add));
}

/** Scalars of one step, given at run time. */
export interface StepScalars {
  learningRate: Tensor;
  /** 1 - beta1^step and 1 - beta2^step. */
  correction1: Tensor;
  correction2: Tensor;
}

export interface AdamWState {
  parameter: Tensor;
  moment1: Tensor;
  moment2: Tensor;
}

/** The factor that brings gradients of this total norm down to the allowed one. */
export const clipFactor = (norm: Tensor, maxNorm: number): Tensor =>
  minimum(divide(fullLike(norm, maxNorm), add(norm, 1e-6)), 1);

/** A parameter after its decay, which is apart from its gradient (arXiv 1711.05101); without any, the parameter itself. */
export const decayed = (parameter: Tensor, learningRate: Tensor, weightDecay: number): Tensor =>
  weightDecay === 0 ? parameter : multiply(parameter, subtract(1, multiply(learningRate, weightDecay)));

/** One AdamW step of one parameter; `clip` multiplies the gradient first. */
export function adamW(
  state: AdamWState,
  gradient: Tensor,
  clip: Tensor,
  scalars: StepScalars,
  options: AdamWOptions,
  decay: boolean,
): AdamWState {
  const { beta1, beta2, epsilon, weightDecay } = options;
  const clipped = multiply(gradient, clip);
  const moment1 = add(multiply(state.moment1, beta1), multiply(clipped, 1 - beta1));
  const moment2 = add(multiply(state.moment2, beta2), multiply(square(clipped), 1 - beta2));
  // Every pass over a weight costs memory traffic, so the factors that all elements share are joined first.
  const root = sqrt(scalars.correction2);
  const rate = divide(multiply(scalars.learningRate, root), scalars.correction1);
  const step = multiply(divide(moment1, add(sqrt(moment2), multiply(root, epsilon))), rate);
  const kept = decayed(state.parameter, scalars.learningRate, decay ? weightDecay : 0);
  return { parameter: subtract(kept, step), moment1, moment2 };
}
