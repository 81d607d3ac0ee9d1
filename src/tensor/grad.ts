import { addAll, broadcastTo } from "./ops/movement.ts";
import { sameShape, showShape } from "./shape.ts";
import { inOrder, scalar, type Tensor } from "./tensor.ts";

/**
 * Reverse-mode differentiation: the gradients of a scalar `loss` with respect to each of `targets`, as new tensors of the same
 * program. A target that the loss does not depend on gets zeros.
 */
export function gradients(loss: Tensor, targets: readonly Tensor[]): Tensor[] {
  if (loss.rank !== 0) throw new Error(`Only a scalar can be differentiated, not ${showShape(loss.shape)}.`);
  const found = backward(loss, scalar(1, loss), targets);
  return targets.map((target) => found.get(target) ?? broadcastTo(scalar(0, target), target.shape));
}

/** Gradients of `result` with respect to `targets`, given the gradient that arrives at it; nothing flows past `boundary`. */
function backward(
  result: Tensor,
  upstream: Tensor,
  targets: readonly Tensor[],
  boundary?: ReadonlySet<Tensor>,
): Map<Tensor, Tensor> {
  const wanted = new Set(targets);
  const order = inOrder([result], boundary);
  // Only what lies between the targets and the result needs a gradient.
  const between = new Set<Tensor>();
  for (const tensor of order) {
    const reached = !boundary?.has(tensor) && tensor.inputs.some((input) => between.has(input));
    if (wanted.has(tensor) || reached) between.add(tensor);
  }
  const arrived = new Map<Tensor, Tensor[]>([[result, [upstream]]]);
  const found = new Map<Tensor, Tensor>();
  for (const tensor of order.reverse()) {
    const parts = arrived.get(tensor);
    if (parts === undefined) continue;
    arrived.delete(tensor);
    const g = addAll(parts);
    if (wanted.has(tensor)) found.set(tensor, g);
    if (!between.has(tensor) || tensor.inputs.length === 0 || boundary?.has(tensor)) continue;
    const flowing = gradientsOf(tensor, g, between);
    tensor.inputs.forEach((input, i) => {
      const part = flowing[i];
      if (part === undefined || !between.has(input)) return;
      if (!sameShape(part.shape, input.shape)) {
        const shapes = `${showShape(part.shape)} for ${showShape(input.shape)}`;
        throw new Error(`The gradient of ${tensor.operation.name} for input ${i} has the wrong shape: ${shapes}.`);
      }
      const before = arrived.get(input);
      if (before) before.push(part);
      else arrived.set(input, [part]);
    });
  }
  return found;
}

function gradientsOf(tensor: Tensor, upstream: Tensor, between: Set<Tensor>): (Tensor | undefined)[] {
  const { operation } = tensor;
  if (operation.gradient) return operation.gradient(tensor, upstream);
  if (!operation.expand) throw new Error(`The operation ${operation.name} has no gradient.`);
  const inputs = tensor.inputs.filter((input) => between.has(input));
  const expanded = operation.expand(tensor.inputs, tensor.attributes);
  const found = backward(expanded, upstream, inputs, new Set(tensor.inputs));
  // A tensor that is given twice has all of its gradient counted at its first place.
  return tensor.inputs.map((input, i) => (tensor.inputs.indexOf(input) === i ? found.get(input) : undefined));
}
