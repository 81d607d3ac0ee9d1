import { multiplyDimensions } from "../dimension.ts";
import { sizeOf, staticShape } from "../shape.ts";
import { apply, constant, type Operation, type Tensor } from "../tensor.ts";
import { add, multiply, rsqrt, square, subtract } from "./elementwise.ts";
import { matmul } from "./matmul.ts";
import { reshape, sumTo } from "./movement.ts";
import { reduceMean } from "./reduce.ts";

interface Epsilon {
  epsilon: number;
}

/** x with mean 0 and variance 1 along the last axis, and the factor that did it. */
function standardize(x: Tensor, epsilon: number): { normal: Tensor; factor: Tensor } {
  const centred = subtract(x, reduceMean(x, [-1], true));
  const factor = rsqrt(add(reduceMean(square(centred), [-1], true), epsilon));
  return { normal: multiply(centred, factor), factor };
}

/** mean(x weight) over the last axis, as a matrix product: one pass over x instead of two. Result: [..., 1]. */
function meanProduct(x: Tensor, weight: Tensor): Tensor {
  const [width] = staticShape(weight.shape, "The gradient of a norm");
  return multiply(matmul(x, reshape(weight, [width, 1])), 1 / width);
}

const layerNormOperation: Operation<Epsilon> = {
  name: "layerNorm",
  infer: ([x]) => ({ shape: x.shape, dtype: x.dtype }),
  expand: ([x, weight, bias], { epsilon }) => add(multiply(standardize(x, epsilon).normal, weight), bias),
  gradient: (node, g) => {
    const [x, weight, bias] = node.inputs;
    const { normal, factor } = standardize(x, node.attributes.epsilon);
    const inner = multiply(g, weight);
    const slope = multiply(g, normal);
    const common = add(reduceMean(inner, [-1], true), multiply(normal, meanProduct(slope, weight)));
    return [multiply(subtract(inner, common), factor), sumTo(slope, weight.shape), sumTo(g, bias.shape)];
  },
  lower: (node, inputs, emit) =>
    emit.node("LayerNormalization", inputs, { axis: -1, epsilon: { float: node.attributes.epsilon } }),
};

/** Layer normalization over the last axis (arXiv 1607.06450); without weight and bias it is the plain standardization. */
export function layerNorm(x: Tensor, epsilon: number, weight?: Tensor, bias?: Tensor): Tensor {
  const width = x.shape.at(-1);
  if (typeof width !== "number") throw new Error("layerNorm needs the width of the last axis known in advance.");
  const filled = (value: number) => constant(x.dtype, [width], new Array(width).fill(value));
  return apply(layerNormOperation, [x, weight ?? filled(1), bias ?? filled(0)], { epsilon });
}

const rmsNormOperation: Operation<Epsilon> = {
  name: "rmsNorm",
  infer: ([x]) => ({ shape: x.shape, dtype: x.dtype }),
  expand: ([x, weight], { epsilon }) => multiply(multiply(x, rootMeanSquare(x, epsilon)), weight),
  gradient: (node, g) => {
    const [x, weight] = node.inputs;
    const factor = rootMeanSquare(x, node.attributes.epsilon);
    const normal = multiply(x, factor);
    const slope = multiply(g, normal);
    const common = multiply(normal, meanProduct(slope, weight));
    return [multiply(subtract(multiply(g, weight), common), factor), sumTo(slope, weight.shape)];
  },
  lower: (node, inputs, emit) =>
    emit.node("SimplifiedLayerNormalization", inputs, { axis: -1, epsilon: { float: node.attributes.epsilon } }),
};

const rootMeanSquare = (x: Tensor, epsilon: number): Tensor => rsqrt(add(reduceMean(square(x), [-1], true), epsilon));

/** Root mean square normalization over the last axis (arXiv 1910.07467). */
export const rmsNorm = (x: Tensor, weight: Tensor, epsilon: number): Tensor =>
  apply(rmsNormOperation, [x, weight], { epsilon });

const groupNormOperation: Operation<Epsilon & { groups: number }> = {
  name: "groupNorm",
  infer: ([x], { groups }) => {
    const channels = x.shape[1];
    if (x.rank !== 4 || typeof channels !== "number" || channels % groups !== 0) {
      throw new Error(`[batch, channels, height, width] with channels in ${groups} equal groups is needed.`);
    }
    return { shape: x.shape, dtype: x.dtype };
  },
  expand: ([x, weight, bias], { epsilon, groups }) => {
    const [batch, channels] = x.shape;
    const flat = reshape(x, [batch, groups, sizeOf([(channels as number) / groups, ...x.shape.slice(2)])]);
    const normal = reshape(standardize(flat, epsilon).normal, x.shape);
    return add(multiply(normal, perChannel(weight)), perChannel(bias));
  },
  lower: (node, [x, weight, bias], emit) => {
    const { groups, epsilon } = node.attributes;
    const [batch, channels, height, width] = node.shape;
    const inGroup = multiplyDimensions((channels as number) / groups, multiplyDimensions(height, width));
    const flat = emit.node("Reshape", [x, emit.dimensions([batch, groups, inGroup])]);
    const one = emit.constant(new Float32Array(groups).fill(1), [groups], "float32");
    const zero = emit.constant(new Float32Array(groups), [groups], "float32");
    const normal = emit.node("InstanceNormalization", [flat, one, zero], { epsilon: { float: epsilon } });
    const back = emit.node("Reshape", [normal, emit.dimensions(node.shape)]);
    const column = emit.integers([1, channels as number, 1, 1]);
    const scaled = emit.node("Mul", [back, emit.node("Reshape", [weight, column])]);
    return emit.node("Add", [scaled, emit.node("Reshape", [bias, column])]);
  },
};

const perChannel = (x: Tensor): Tensor => reshape(x, [1, x.shape[0], 1, 1]);

/** Group normalization (arXiv 1803.08494). x: [batch, channels, height, width]; weight, bias: [channels]. */
export const groupNorm = (x: Tensor, weight: Tensor, bias: Tensor, groups: number, epsilon: number): Tensor =>
  apply(groupNormOperation, [x, weight, bias], { groups, epsilon });
