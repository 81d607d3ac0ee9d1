import type { Dimension } from "../dimension.ts";
import type { DType } from "../dtype.ts";
import { positiveAxis, type Shape, sizeOf } from "../shape.ts";
import { apply, type Operation, type Tensor } from "../tensor.ts";
import { cast, divide, equal, multiply } from "./elementwise.ts";
import { broadcastTo, reshape } from "./movement.ts";

interface Reduction {
  axes: readonly number[];
  keep: boolean;
}

const reducedShape = (shape: Shape, { axes, keep }: Reduction): Shape =>
  keep ? shape.map((size, i) => (axes.includes(i) ? 1 : size)) : shape.filter((_, i) => !axes.includes(i));

const kept = (x: Tensor, axes: readonly number[]): Shape => reducedShape(x.shape, { axes, keep: true });

function reduction(
  name: string,
  type: string,
  backward: (upstream: Tensor, result: Tensor, x: Tensor, axes: readonly number[]) => Tensor,
) {
  const operation: Operation<Reduction> = {
    name,
    infer: ([x], attributes) => ({ shape: reducedShape(x.shape, attributes), dtype: x.dtype }),
    gradient: (node, upstream) => {
      const [x] = node.inputs;
      const shape = kept(x, node.attributes.axes);
      return [backward(reshape(upstream, shape), reshape(node, shape), x, node.attributes.axes)];
    },
    lower: (node, [x], emit) =>
      emit.node(type, [x, emit.integers(node.attributes.axes)], { keepdims: node.attributes.keep ? 1 : 0 }),
  };
  return (x: Tensor, axes?: readonly number[], keep = false): Tensor => {
    const all = (axes ?? x.shape.map((_, i) => i)).map((axis) => positiveAxis(axis, x.rank)).sort((a, b) => a - b);
    return all.length === 0 ? x : apply(operation, [x], { axes: all, keep });
  };
}

/** Sum over some axes (all of them when none are named); `keep` leaves them with size 1. */
export const reduceSum = reduction("reduceSum", "ReduceSum", (upstream, _, x) => broadcastTo(upstream, x.shape));

/** Mean over some axes (all of them when none are named). */
export const reduceMean = reduction("reduceMean", "ReduceMean", (upstream, _, x, axes) => {
  const count: Dimension = sizeOf(x.shape.filter((_, i) => axes.includes(i)));
  const share =
    typeof count === "number" ? multiply(upstream, 1 / count) : divide(upstream, sizeTensor(count, x.dtype));
  return broadcastTo(share, x.shape);
});

const sizeOperation: Operation<{ size: Dimension }> = {
  name: "size",
  infer: () => ({ shape: [], dtype: "int64" }),
  gradient: () => [],
  lower: (node, _, emit) => emit.dimension(node.attributes.size),
};

/** A size as a scalar of the given type; it may only be known at run time. */
export const sizeTensor = (size: Dimension, dtype: DType): Tensor => cast(apply(sizeOperation, [], { size }), dtype);

/** Largest value over some axes; equal largest values share the gradient. */
export const reduceMax = reduction("reduceMax", "ReduceMax", (upstream, result, x, axes) => {
  const chosen = cast(equal(x, result), x.dtype);
  return multiply(divide(upstream, reduceSum(chosen, axes, true)), chosen);
});

const argMaxOperation: Operation<{ axis: number }> = {
  name: "argMax",
  infer: ([x], { axis }) => ({ shape: x.shape.toSpliced(axis, 1), dtype: "int64" }),
  gradient: () => [undefined],
  lower: (node, inputs, emit) => emit.node("ArgMax", inputs, { axis: node.attributes.axis, keepdims: 0 }),
};

/** Index of the largest value along an axis (int64), the first one where several are equal. */
export const argMax = (x: Tensor, axis: number): Tensor =>
  apply(argMaxOperation, [x], { axis: positiveAxis(axis, x.rank) });
