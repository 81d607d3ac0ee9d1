import { add, silu, type Tensor } from "../tensor/index.ts";
import { convolution } from "./convolution.ts";
import type { Scope } from "./scope.ts";

/** Two 3x3 convolutions, `conv1` and `conv2` of the scope, around which x passes unchanged; without norms. x: [batch, channels, height, width]. */
export function residualBlock(x: Tensor, scope: Scope): Tensor {
  const channels = x.shape[1] as number;
  const hidden = convolution(silu(x), scope.child("conv1"), channels, 3, { padding: 1 });
  return add(x, convolution(silu(hidden), scope.child("conv2"), channels, 3, { padding: 1 }));
}
