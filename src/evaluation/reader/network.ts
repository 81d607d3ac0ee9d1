import { convolution } from "../../nn/convolution.ts";
import { linear } from "../../nn/linear.ts";
import { groupNorm } from "../../nn/norm.ts";
import type { Scope } from "../../nn/scope.ts";
import { add, concat, reduceMax, reduceMean, relu, type Tensor } from "../../tensor/index.ts";
import { namesOf, PARTS, type Part, type ReaderConfig } from "./config.ts";

const GROUPS = 8;
const EPSILON = 1e-5;

/**
 * The reader: four 3x3 convolutions that each halve the sides, a residual one at an eighth and at a sixteenth, the mean and the
 * largest of every channel, and a linear head for each thing to tell. pixels: [batch, 3, size, size] in [-1, 1]; results, before
 * the softmax: [batch, names]. About 19 million multiplications a picture of 64 by 64 pixels at the default widths.
 */
export function readerNetwork(scope: Scope, config: ReaderConfig, pixels: Tensor): Record<Part, Tensor> {
  const [first, second, third, fourth] = config.widths;
  let x = relu(convolution(pixels, scope.child("conv1"), first, 3, { stride: 2, padding: 1 })); // [batch, first, 32, 32]
  x = relu(convolution(x, scope.child("conv2"), second, 3, { stride: 2, padding: 1 })); // [batch, second, 16, 16]
  x = convolution(x, scope.child("conv3"), third, 3, { stride: 2, padding: 1 }); // [batch, third, 8, 8]
  x = residual(x, scope.child("residual3"));
  x = convolution(relu(x), scope.child("conv4"), fourth, 3, { stride: 2, padding: 1 }); // [batch, fourth, 4, 4]
  x = relu(residual(x, scope.child("residual4")));
  const pooled = concat([reduceMean(x, [2, 3]), reduceMax(x, [2, 3])], 1); // [batch, 2 x fourth]
  const head = (part: Part) => linear(pooled, scope.child(`${part}_head`), namesOf(config, part).length);
  return Object.fromEntries(PARTS.map((part) => [part, head(part)])) as Record<Part, Tensor>;
}

/** A normalized 3x3 convolution around which x passes unchanged. */
function residual(x: Tensor, scope: Scope): Tensor {
  const hidden = relu(groupNorm(x, scope.child("norm"), GROUPS, EPSILON));
  return add(x, convolution(hidden, scope.child("conv"), x.shape[1] as number, 3, { padding: 1 }));
}
