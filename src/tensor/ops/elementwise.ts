import { type DType, isFloat } from "../dtype.ts";
import { broadcastShapes } from "../shape.ts";
import { apply, type Operation, scalar, Tensor } from "../tensor.ts";
import { broadcastTo, sumTo } from "./movement.ts";

/** A tensor, or a number that takes the type of the tensor beside it. */
export type TensorLike = Tensor | number;

const pair = (a: TensorLike, b: TensorLike): [Tensor, Tensor] => {
  if (a instanceof Tensor) return [a, b instanceof Tensor ? b : scalar(b, a)];
  if (b instanceof Tensor) return [scalar(a, b), b];
  throw new Error("One of the two operands must be a tensor.");
};

type Backward = (upstream: Tensor, result: Tensor, inputs: readonly Tensor[]) => (Tensor | undefined)[];

function unary(name: string, type: string, backward?: Backward) {
  const operation: Operation<null> = {
    name,
    infer: ([x]) => ({ shape: x.shape, dtype: x.dtype }),
    gradient: (node, upstream) => backward?.(upstream, node, node.inputs) ?? [undefined],
    lower: (_, inputs, emit) => emit.node(type, inputs),
  };
  return (x: Tensor): Tensor => apply(operation, [x], null);
}

function binary(name: string, type: string, backward?: Backward, result?: DType) {
  const operation: Operation<null> = {
    name,
    infer: ([a, b]) => {
      if (a.dtype !== b.dtype) throw new Error(`the types ${a.dtype} and ${b.dtype} differ; cast one of them.`);
      return { shape: broadcastShapes(a.shape, b.shape), dtype: result ?? a.dtype };
    },
    gradient: (node, upstream) => {
      const gradients = backward?.(upstream, node, node.inputs) ?? [];
      return node.inputs.map((input, i) => gradients[i] && sumTo(gradients[i], input.shape));
    },
    lower: (_, inputs, emit) => emit.node(type, inputs),
  };
  return (a: TensorLike, b: TensorLike): Tensor => apply(operation, pair(a, b), null);
}

export const add = binary("add", "Add", (g) => [g, g]);
export const subtract = binary("subtract", "Sub", (g) => [g, negate(g)]);
export const multiply = binary("multiply", "Mul", (g, _, [a, b]) => [multiply(g, b), multiply(g, a)]);
export const divide = binary("divide", "Div", (g, y, [, b]) => [divide(g, b), negate(divide(multiply(g, y), b))]);
/** The larger of two; where they are equal the first one takes the gradient. */
export const maximum = binary("maximum", "Max", (g, _, [a, b]) => [
  where(lessThan(a, b), scalar(0, g), g),
  where(lessThan(a, b), g, scalar(0, g)),
]);
/** The smaller of two; where they are equal the first one takes the gradient. */
export const minimum = binary("minimum", "Min", (g, _, [a, b]) => [
  where(lessThan(b, a), scalar(0, g), g),
  where(lessThan(b, a), g, scalar(0, g)),
]);
export const equal = binary("equal", "Equal", undefined, "bool");
export const lessThan = binary("lessThan", "Less", undefined, "bool");
export const greaterThan = binary("greaterThan", "Greater", undefined, "bool");
export const logicalAnd = binary("logicalAnd", "And", undefined, "bool");
export const logicalOr = binary("logicalOr", "Or", undefined, "bool");
export const logicalNot = unary("logicalNot", "Not");

export const negate = unary("negate", "Neg", (g) => [negate(g)]);
export const exp = unary("exp", "Exp", (g, y) => [multiply(g, y)]);
export const log = unary("log", "Log", (g, _, [x]) => [divide(g, x)]);
export const sqrt = unary("sqrt", "Sqrt", (g, y) => [divide(multiply(g, 0.5), y)]);
export const reciprocal = unary("reciprocal", "Reciprocal", (g, y) => [negate(multiply(g, multiply(y, y)))]);
export const sin = unary("sin", "Sin", (g, _, [x]) => [multiply(g, cos(x))]);
export const cos = unary("cos", "Cos", (g, _, [x]) => [negate(multiply(g, sin(x)))]);
export const tanh = unary("tanh", "Tanh", (g, y) => [multiply(g, subtract(1, multiply(y, y)))]);
export const sigmoid = unary("sigmoid", "Sigmoid", (g, y) => [multiply(g, multiply(y, subtract(1, y)))]);
export const erf = unary("erf", "Erf", (g, _, [x]) => [
  multiply(g, multiply(exp(negate(multiply(x, x))), 2 / Math.sqrt(Math.PI))),
]);
/** |x|, with gradient 0 at 0. */
export const absolute = unary("absolute", "Abs", (g, _, [x]) => {
  const zero = scalar(0, g);
  return [where(greaterThan(x, 0), g, where(lessThan(x, 0), negate(g), zero))];
});
export const relu = unary("relu", "Relu", (g, _, [x]) => [where(greaterThan(x, 0), g, scalar(0, g))]);
export const square = (x: Tensor): Tensor => multiply(x, x);
/** 1 / sqrt(x). */
export const rsqrt = (x: Tensor): Tensor => reciprocal(sqrt(x));
/** x limited to [low, high]; no gradient outside. */
export const clamp = (x: Tensor, low: number, high: number): Tensor => minimum(maximum(x, low), high);

const whereOperation: Operation<null> = {
  name: "where",
  infer: ([condition, a, b]) => {
    if (condition.dtype !== "bool") throw new Error(`the condition must be bool, not ${condition.dtype}.`);
    if (a.dtype !== b.dtype) throw new Error(`the types ${a.dtype} and ${b.dtype} differ; cast one of them.`);
    return { shape: broadcastShapes(condition.shape, broadcastShapes(a.shape, b.shape)), dtype: a.dtype };
  },
  gradient: (node, upstream) => {
    const [condition, a, b] = node.inputs;
    const zero = scalar(0, upstream);
    return [
      undefined,
      sumTo(where(condition, upstream, zero), a.shape),
      sumTo(where(condition, zero, upstream), b.shape),
    ];
  },
  lower: (_, inputs, emit) => emit.node("Where", inputs),
};

/** `a` where the condition holds, else `b`; all three are broadcast. */
export const where = (condition: Tensor, a: TensorLike, b: TensorLike): Tensor =>
  apply(whereOperation, [condition, ...pair(a, b)], null);

const castOperation: Operation<{ to: DType }> = {
  name: "cast",
  infer: ([x], { to }) => ({ shape: x.shape, dtype: to }),
  gradient: (node, upstream) => {
    const [x] = node.inputs;
    return [isFloat(x.dtype) && isFloat(node.dtype) ? cast(upstream, x.dtype) : undefined];
  },
  lower: (node, [x], emit) => emit.cast(x, node.dtype),
};

/** The same values in another type; itself when the type is already right. */
export const cast = (x: Tensor, to: DType): Tensor => (x.dtype === to ? x : apply(castOperation, [x], { to }));

const detachOperation: Operation<null> = {
  name: "detach",
  infer: ([x]) => ({ shape: x.shape, dtype: x.dtype }),
  gradient: () => [undefined],
  lower: (_, [x]) => x,
};

/** The same value, through which no gradient flows. */
export const detach = (x: Tensor): Tensor => apply(detachOperation, [x], null);

const scaleGradientOperation: Operation<{ scale: number }> = {
  name: "scaleGradient",
  infer: ([x]) => ({ shape: x.shape, dtype: x.dtype }),
  gradient: (node, upstream) => [multiply(upstream, node.attributes.scale)],
  lower: (_, [x]) => x,
};

/** The same value; the gradient that flows back through it is multiplied by `scale`. */
export const scaleGradient = (x: Tensor, scale: number): Tensor => apply(scaleGradientOperation, [x], { scale });

/** A tensor of one repeated number, in the shape and type of `like`. */
export const fullLike = (like: Tensor, value: number): Tensor => broadcastTo(scalar(value, like), like.shape);
