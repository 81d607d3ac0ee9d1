/** Muon (K. Jordan and others, 2024, kellerjordan.github.io/posts/muon): momentum whose directions all count the same. */
import {
  add,
  divide,
  matmul,
  multiply,
  reduceSum,
  reshape,
  sqrt,
  square,
  subtract,
  type Tensor,
} from "../tensor/index.ts";
import { decayed } from "./optimizer.ts";

export interface MuonOptions {
  /** Share of the momentum kept every step. */
  momentum: number;
  /** Rounds of the Newton-Schulz iteration. */
  rounds: number;
}

export const MUON: MuonOptions = { momentum: 0.95, rounds: 5 };

/** Root mean square of AdamW's usual update: with updates of the same size, one learning rate fits both (arXiv 2502.16982, section 2.2). */
const UPDATE_SIZE = 0.2;
/** The quintic that takes singular values of 0.02 to 1 to between 0.7 and 1.2 in five rounds (the source above). */
const [LINEAR, CUBIC, QUINTIC] = [3.4445, -4.775, 2.0315];
/** What looks words or places up in a table has rows that learn one by one, and the last layers face the outputs: both stay with AdamW. */
const LEFT_OUT = [
  "embed_tokens.",
  "position_embedding.",
  "lm_head.",
  "final_layer.linear.",
  "patch_embedding.",
  ".whole.",
  ".pixel.4.",
  ".place",
  ".vote.",
];

/** Whether Muon is for this parameter: a matrix or the kernel of a convolution between two layers inside of the model. */
export function isForMuon(name: string, shape: readonly unknown[]): boolean {
  return (
    (shape.length === 2 || shape.length === 4) &&
    shape.slice(0, 2).every((side) => side !== 1) &&
    !LEFT_OUT.some((part) => name.includes(part))
  );
}

/**
 * The matrix [rows, columns] with its singular values brought near 1 and its singular vectors kept: U V^T of U S V^T, nearly, by
 * matrix products alone.
 */
export function orthogonalized(matrix: Tensor, rounds: number): Tensor {
  const [rows, columns] = matrix.shape as readonly number[];
  const isWide = rows <= columns;
  let x = divide(matrix, add(sqrt(reduceSum(square(matrix))), 1e-12));
  for (let round = 0; round < rounds; round++) {
    const gram = matmul(x, x, isWide ? { transposeB: true } : { transposeA: true });
    const factor = add(multiply(gram, CUBIC), multiply(matmul(gram, gram), QUINTIC));
    x = add(multiply(x, LINEAR), isWide ? matmul(factor, x) : matmul(x, factor));
  }
  return x;
}

/** A matrix [rows, columns] or a kernel [rows, ...], whose columns are all the rest, and the running mean of its gradients, of the same shape. */
export interface MuonState {
  parameter: Tensor;
  moment1: Tensor;
}

/** One step of one matrix. Gradients need no clipping: their size does not matter. */
export function muon(
  state: MuonState,
  gradient: Tensor,
  learningRate: Tensor,
  { momentum, rounds }: MuonOptions,
  weightDecay: number,
): MuonState {
  const shape = state.parameter.shape as readonly number[];
  const rows = shape[0];
  const columns = shape.slice(1).reduce((product, side) => product * side, 1);
  const mean = (before: Tensor) => add(multiply(before, momentum), multiply(gradient, 1 - momentum));
  const moment1 = mean(state.moment1);
  // Nesterov: the direction looks one step ahead.
  const direction = reshape(orthogonalized(reshape(mean(moment1), [rows, columns]), rounds), shape);
  // An orthogonal matrix has a root mean square of 1 / sqrt(longer side).
  const size = multiply(learningRate, UPDATE_SIZE * Math.sqrt(Math.max(rows, columns)));
  const kept = decayed(state.parameter, learningRate, weightDecay);
  return { parameter: subtract(kept, multiply(direction, size)), moment1 };
}
