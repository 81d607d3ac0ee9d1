import {
  add,
  divide,
  groupNorm as groups,
  layerNorm as layer,
  reduceSum,
  rmsNorm as rms,
  sqrt,
  square,
  type Tensor,
} from "../tensor/index.ts";
import type { Scope } from "./scope.ts";

/** Layer normalization with the scope's `weight` and `bias`. x: [..., width]. */
export function layerNorm(x: Tensor, scope: Scope, epsilon: number): Tensor {
  const width = x.shape.at(-1) as number;
  const weight = scope.parameter("weight", [width], { kind: "ones" });
  return layer(x, epsilon, weight, scope.parameter("bias", [width], { kind: "zeros" }));
}

/** Root mean square normalization with the scope's `weight`. x: [..., width]. */
export function rmsNorm(x: Tensor, scope: Scope, epsilon: number): Tensor {
  return rms(x, scope.parameter("weight", [x.shape.at(-1) as number], { kind: "ones" }), epsilon);
}

/** Group normalization with the scope's `weight` and `bias`. x: [batch, channels, height, width]. */
export function groupNorm(x: Tensor, scope: Scope, count: number, epsilon: number): Tensor {
  const channels = x.shape[1] as number;
  const weight = scope.parameter("weight", [channels], { kind: "ones" });
  return groups(x, weight, scope.parameter("bias", [channels], { kind: "zeros" }), count, epsilon);
}

/** Rows scaled to length 1. x: [rows, width]. */
export function unitRows(x: Tensor): Tensor {
  return divide(x, sqrt(add(reduceSum(square(x), [1], true), 1e-8)));
}
