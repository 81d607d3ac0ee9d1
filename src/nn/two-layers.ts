import { silu, type Tensor } from "../tensor/index.ts";
import { linear } from "./linear.ts";
import type { Scope } from "./scope.ts";

/** Two layers of one width, `mlp.0` and `mlp.2` of the scope, each with its SiLU. x: [..., in]; result: [..., width]. */
export function twoLayers(x: Tensor, scope: Scope, width: number): Tensor {
  const first = silu(linear(x, scope.child("mlp.0"), width));
  return silu(linear(first, scope.child("mlp.2"), width));
}
