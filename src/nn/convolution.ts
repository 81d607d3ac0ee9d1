import { convolution as convolve, type Tensor } from "../tensor/index.ts";
import type { Padding } from "../tensor/ops/convolution.ts";
import type { Scope } from "./scope.ts";

/** Convolution with the scope's `weight` [out, in, kernel, kernel] and `bias` [out]. x: [batch, in, height, width]. */
export function convolution(
  x: Tensor,
  scope: Scope,
  out: number,
  kernel: number,
  options: { stride?: number; padding?: number | Padding } = {},
): Tensor {
  const channels = x.shape[1] as number;
  const limit = Math.sqrt(3 / (channels * kernel * kernel));
  const weight = scope.parameter("weight", [out, channels, kernel, kernel], { kind: "uniform", limit });
  return convolve(x, weight, scope.parameter("bias", [out], { kind: "zeros" }), options);
}
