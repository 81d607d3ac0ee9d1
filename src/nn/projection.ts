import { silu, type Tensor } from "../tensor/index.ts";
import { linear } from "./linear.ts";
import type { Scope } from "./scope.ts";

/**
 * The bridge between two towers: Linear, SiLU, Linear, with the scope's weights `0` and `2` (the layers' numbers in the checkpoint).
 * x: [..., in]; result: [..., out].
 */
export function projection(x: Tensor, scope: Scope, hidden: number, out: number): Tensor {
  return linear(silu(linear(x, scope.child(0), hidden)), scope.child(2), out);
}
