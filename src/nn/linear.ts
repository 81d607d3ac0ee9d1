import { linear as product, type Tensor } from "../tensor/index.ts";
import type { Initializer } from "../tensor/tensor.ts";
import type { Scope } from "./scope.ts";

/** Glorot and Bengio's uniform start: variance 2 / (in + out). */
export const xavierUniform = (inner: number, out: number): Initializer => ({
  kind: "uniform",
  limit: Math.sqrt(6 / (inner + out)),
});

/** `x weight^T + bias` with the weights `weight` [out, in] and, unless switched off, `bias` [out] of the scope. x: [..., in]. */
export function linear(
  x: Tensor,
  scope: Scope,
  out: number,
  options: { bias?: boolean; initial?: Initializer } = {},
): Tensor {
  const inner = x.shape.at(-1) as number;
  const weight = scope.parameter("weight", [out, inner], options.initial ?? xavierUniform(inner, out));
  const bias = options.bias === false ? undefined : scope.parameter("bias", [out], { kind: "zeros" });
  return product(x, weight, bias);
}
