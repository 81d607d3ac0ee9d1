import { addDimensions, type Dimension, dimension, multiplyDimensions, subtractDimensions } from "../dimension.ts";
import { broadcastShapes, positiveAxis, type Shape, sameShape, showShape, sizeOf } from "../shape.ts";
import { apply, type Operation, scalar, type Tensor } from "../tensor.ts";
import { add } from "./elementwise.ts";
import { reduceSum } from "./reduce.ts";

const reshapeOperation: Operation<{ shape: Shape }> = {
  name: "reshape",
  infer: ([x], { shape }) => {
    if (sizeOf(x.shape) !== sizeOf(shape)) {
      throw new Error(`${showShape(shape)} has another number of elements (${sizeOf(shape)} for ${sizeOf(x.shape)}).`);
    }
    return { shape, dtype: x.dtype };
  },
  gradient: (node, upstream) => [reshape(upstream, node.inputs[0].shape)],
  lower: (node, [x], emit) => {
    const open = node.shape.filter((size) => typeof size === "string");
    const single = open.length === 1 && !node.shape.includes(0);
    const target = single
      ? emit.integers(node.shape.map((size) => (typeof size === "number" ? size : -1)))
      : emit.dimensions(node.shape);
    return emit.node("Reshape", [x, target], { allowzero: 1 });
  },
};

/** The same elements in another shape; one size may be -1 and is worked out when all sizes are numbers. */
export function reshape(x: Tensor, shape: Shape): Tensor {
  let target = shape.map(dimension);
  const open = target.indexOf(-1);
  if (open >= 0) {
    const rest = sizeOf(target.filter((_, i) => i !== open));
    target = target.with(open, divideExactly(sizeOf(x.shape), rest));
  }
  return sameShape(target, x.shape) ? x : apply(reshapeOperation, [x], { shape: target });
}

function divideExactly(total: Dimension, part: Dimension): Dimension {
  if (typeof total === "number" && typeof part === "number" && part > 0 && total % part === 0) return total / part;
  throw new Error(`-1 cannot be worked out for ${total} elements in rows of ${part}: write the size.`);
}

const transposeOperation: Operation<{ order: readonly number[] }> = {
  name: "transpose",
  infer: ([x], { order }) => {
    if (order.length !== x.rank || new Set(order).size !== x.rank || order.some((axis) => axis < 0 || axis >= x.rank)) {
      throw new Error(`[${order}] is not an order of ${x.rank} axes.`);
    }
    return { shape: order.map((axis) => x.shape[axis]), dtype: x.dtype };
  },
  gradient: (node, upstream) => {
    const { order } = node.attributes;
    return [
      transpose(
        upstream,
        order.map((_, axis) => order.indexOf(axis)),
      ),
    ];
  },
  lower: (node, inputs, emit) => emit.node("Transpose", inputs, { perm: node.attributes.order }),
};

/** Axis i of the result is axis `order[i]` of x. */
export const transpose = (x: Tensor, order: readonly number[]): Tensor => apply(transposeOperation, [x], { order });

const broadcastOperation: Operation<{ shape: Shape }> = {
  name: "broadcastTo",
  infer: ([x], { shape }) => {
    if (!sameShape(broadcastShapes(x.shape, shape), shape)) {
      throw new Error(`it cannot be stretched to ${showShape(shape)}.`);
    }
    return { shape, dtype: x.dtype };
  },
  gradient: (node, upstream) => [sumTo(upstream, node.inputs[0].shape)],
  lower: (node, [x], emit) => emit.node("Expand", [x, emit.dimensions(node.shape)]),
};

/** x repeated along its axes of size 1 (and new leading axes) to fill `shape`. */
export function broadcastTo(x: Tensor, shape: Shape): Tensor {
  const target = shape.map(dimension);
  return sameShape(x.shape, target) ? x : apply(broadcastOperation, [x], { shape: target });
}

/** The reverse of {@link broadcastTo}: sums over every axis that was stretched. */
export function sumTo(x: Tensor, shape: Shape): Tensor {
  if (sameShape(x.shape, shape)) return x;
  const extra = x.rank - shape.length;
  const axes: number[] = [];
  for (let axis = 0; axis < x.rank; axis++) {
    if (axis < extra || (shape[axis - extra] === 1 && x.shape[axis] !== 1)) axes.push(axis);
  }
  return reshape(reduceSum(x, axes, true), shape);
}

const concatOperation: Operation<{ axis: number }> = {
  name: "concat",
  infer: (inputs, { axis }) => {
    const [first] = inputs;
    let total: Dimension = 0;
    for (const input of inputs) {
      const fits = input.rank === first.rank && input.shape.every((size, i) => i === axis || size === first.shape[i]);
      if (!fits || input.dtype !== first.dtype) throw new Error(`all but axis ${axis}, and the types, must agree.`);
      total = addDimensions(total, input.shape[axis]);
    }
    return { shape: first.shape.with(axis, total), dtype: first.dtype };
  },
  gradient: (node, upstream) => {
    let start: Dimension = 0;
    return node.inputs.map((input) => {
      const end = addDimensions(start, input.shape[node.attributes.axis]);
      const part = slice(upstream, node.attributes.axis, start, end);
      start = end;
      return part;
    });
  },
  lower: (node, inputs, emit) => emit.node("Concat", inputs, { axis: node.attributes.axis }),
};

/** Tensors one after the other along an axis. */
export function concat(inputs: readonly Tensor[], axis: number): Tensor {
  if (inputs.length === 0) throw new Error("concat needs at least one tensor.");
  return inputs.length === 1 ? inputs[0] : apply(concatOperation, inputs, { axis: positiveAxis(axis, inputs[0].rank) });
}

interface Span {
  axis: number;
  start: Dimension;
  end: Dimension;
}

const sliceOperation: Operation<Span> = {
  name: "slice",
  infer: ([x], { axis, start, end }) => {
    const size = x.shape[axis];
    const outside = typeof start === "number" && typeof end === "number" && (start < 0 || end < start);
    if (outside || (typeof end === "number" && typeof size === "number" && end > size)) {
      throw new Error(`[${start}, ${end}) is not inside axis ${axis}.`);
    }
    return { shape: x.shape.with(axis, subtractDimensions(end, start)), dtype: x.dtype };
  },
  gradient: (node, upstream) => {
    const { axis, start, end } = node.attributes;
    return [pad(upstream, axis, start, subtractDimensions(node.inputs[0].shape[axis], end))];
  },
  lower: (node, [x], emit) => {
    const { axis, start, end } = node.attributes;
    return emit.node("Slice", [x, emit.dimensions([start]), emit.dimensions([end]), emit.integers([axis])]);
  },
};

/** The part [start, end) of an axis. */
export function slice(x: Tensor, axis: number, start: Dimension, end: Dimension): Tensor {
  const span = { axis: positiveAxis(axis, x.rank), start: dimension(start), end: dimension(end) };
  return span.start === 0 && span.end === x.shape[span.axis] ? x : apply(sliceOperation, [x], span);
}

/** x cut into equal parts along an axis. */
export function split(x: Tensor, axis: number, parts: number): Tensor[] {
  const positive = positiveAxis(axis, x.rank);
  const size = x.shape[positive];
  if (typeof size !== "number" || size % parts !== 0) throw new Error(`${size} cannot be split into ${parts} parts.`);
  const step = size / parts;
  return Array.from({ length: parts }, (_, i) => slice(x, positive, i * step, (i + 1) * step));
}

const padOperation: Operation<{ axis: number; before: Dimension; after: Dimension }> = {
  name: "pad",
  infer: ([x], { axis, before, after }) => ({
    shape: x.shape.with(axis, addDimensions(x.shape[axis], addDimensions(before, after))),
    dtype: x.dtype,
  }),
  gradient: (node, upstream) => {
    const { axis, before } = node.attributes;
    return [slice(upstream, axis, before, addDimensions(before, node.inputs[0].shape[axis]))];
  },
  lower: (node, [x], emit) => {
    const { axis, before, after } = node.attributes;
    const zero = emit.constant(scalarData(node), [], node.dtype);
    return emit.node("Pad", [x, emit.dimensions([before, after]), zero, emit.integers([axis])]);
  },
};

const scalarData = (like: Tensor) => {
  const { data } = scalar(0, like).attributes as { data: Float32Array };
  return data;
};

/** Zeros before and after along an axis. */
export function pad(x: Tensor, axis: number, before: Dimension, after: Dimension): Tensor {
  if (before === 0 && after === 0) return x;
  return apply(padOperation, [x], {
    axis: positiveAxis(axis, x.rank),
    before: dimension(before),
    after: dimension(after),
  });
}

/**
 * The sum of tensors of one shape. Padded pieces that lie side by side, as the gradients of slices do, are joined instead of added.
 */
export function addAll(parts: readonly Tensor[]): Tensor {
  const pieces = parts.filter(isPadded);
  const axis = pieces[0]?.attributes.axis;
  const joined: Tensor[] = [];
  let end: Dimension = 0;
  for (;;) {
    const next = pieces.find(({ attributes }) => attributes.axis === axis && attributes.before === end);
    if (!next) break;
    const [inner] = next.inputs;
    if (joined.push(inner) > pieces.length) break; // empty pieces would be found again and again
    end = addDimensions(end, inner.shape[axis]);
  }
  const whole = joined.length > 1 && joined.length === pieces.length && end === pieces[0].shape[axis];
  if (!whole) return parts.reduce((total, part) => add(total, part));
  const rest = parts.filter((part) => !isPadded(part));
  return rest.reduce((total, part) => add(total, part), concat(joined, axis));
}

type Padded = Tensor<{ axis: number; before: Dimension; after: Dimension }>;
const isPadded = (x: Tensor): x is Padded => x.operation === padOperation;

/** x with a new axis of size 1. */
export const unsqueeze = (x: Tensor, axis: number): Tensor =>
  reshape(x, x.shape.toSpliced(axis < 0 ? axis + x.rank + 1 : axis, 0, 1));

/** Each row of an axis repeated `times` times in a row (as torch's repeat_interleave). */
export function repeatInterleave(x: Tensor, axis: number, times: number): Tensor {
  if (times === 1) return x;
  const positive = positiveAxis(axis, x.rank);
  const stretched = broadcastTo(unsqueeze(x, positive + 1), x.shape.toSpliced(positive + 1, 0, times));
  return reshape(stretched, x.shape.with(positive, multiplyDimensions(x.shape[positive], times)));
}
