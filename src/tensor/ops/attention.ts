import { type Dimension, multiplyDimensions } from "../dimension.ts";
import { apply, type Operation, type Tensor } from "../tensor.ts";
import { softmax } from "./activation.ts";
import { add, multiply, negate, subtract } from "./elementwise.ts";
import { matmul } from "./matmul.ts";
import { concat, repeatInterleave, reshape, split, sumTo, transpose } from "./movement.ts";
import { reduceSum } from "./reduce.ts";

interface Heads {
  heads: number;
  scale: number;
}

const apart = (x: Tensor, heads: number): Tensor => {
  const [batch, length, width] = x.shape;
  return reshape(x, [batch, length, heads, (width as number) / heads]);
};

/** [batch, length, heads x head] to [batch, heads, length, head]. */
const rowsOf = (x: Tensor, heads: number): Tensor => transpose(apart(x, heads), [0, 2, 1, 3]);

/** [batch, length, heads x head] to [batch, heads, head, length], ready to be the right side of a product. */
const columnsOf = (x: Tensor, heads: number): Tensor => transpose(apart(x, heads), [0, 2, 3, 1]);

/** The softmax of the scores: [batch, heads, queries, keys]. */
function attentionWeights([q, k, , bias]: readonly Tensor[], { heads, scale }: Heads): Tensor {
  const scores = matmul(rowsOf(multiply(q, scale), heads), columnsOf(k, heads));
  return softmax(bias ? add(scores, bias) : scores);
}

const attentionOperation: Operation<Heads> = {
  name: "attention",
  infer: ([q, k, v, bias], { heads }) => {
    const [batch, length, width] = q.shape;
    if (q.rank !== 3 || k.rank !== 3 || v.rank !== 3) throw new Error("[batch, length, width] is needed.");
    if (typeof width !== "number" || width % heads !== 0)
      throw new Error(`width ${width} has no ${heads} equal heads.`);
    if (k.shape[2] !== width || v.shape[1] !== k.shape[1]) throw new Error("keys and values do not fit.");
    if (bias && (bias.rank !== 4 || bias.shape[2] !== length || bias.shape[3] !== k.shape[1])) {
      throw new Error("the bias has the shape [batch or 1, heads or 1, queries, keys].");
    }
    return { shape: [batch, length, v.shape[2]], dtype: q.dtype };
  },
  expand: (inputs, attributes) => {
    const [q, , v] = inputs;
    const mixed = matmul(attentionWeights(inputs, attributes), rowsOf(v, attributes.heads));
    return reshape(transpose(mixed, [0, 2, 1, 3]), [q.shape[0], q.shape[1], v.shape[2]]);
  },
  // Written so that only narrow [.., head] tensors are ever transposed, never the [queries, keys] weights.
  gradient: (node, g) => {
    const [q, k, v, bias] = node.inputs;
    const { heads, scale } = node.attributes;
    const weights = attentionWeights(node.inputs, node.attributes);
    const upstream = matmul(rowsOf(g, heads), columnsOf(v, heads)); // [batch, heads, queries, keys]
    // What the softmax's gradient subtracts, sum over keys of weight x upstream, is the product of the result and its gradient.
    const common = reduceSum(multiply(apart(g, heads), apart(node, heads)), [3], true); // [batch, queries, heads, 1]
    const scores = multiply(weights, subtract(upstream, transpose(common, [0, 2, 1, 3])));
    const forQ = transpose(matmul(scores, rowsOf(k, heads)), [0, 2, 1, 3]);
    const forK = transpose(matmul(columnsOf(multiply(q, scale), heads), scores), [0, 3, 1, 2]);
    const forV = transpose(matmul(columnsOf(g, heads), weights), [0, 3, 1, 2]);
    return [
      multiply(reshape(forQ, q.shape), scale),
      reshape(forK, k.shape),
      reshape(forV, v.shape),
      ...(bias ? [sumTo(scores, bias.shape)] : []),
    ];
  },
  lower: (node, [q, k, v, bias], emit) => {
    const { heads, scale } = node.attributes;
    const inputs = [q, k, v, ...(bias ? ["", "", bias] : [])];
    return emit.node("MultiHeadAttention", inputs, { num_heads: heads, scale: { float: scale } }, "com.microsoft");
  },
};

/**
 * Scaled dot-product attention (arXiv 1706.03762), all heads side by side in the last axis.
 * q: [batch, queries, heads x head]; k, v: [batch, keys, heads x head]; bias, added to the scores before the softmax:
 * [batch or 1, heads or 1, queries, keys]. Result: [batch, queries, heads x head].
 */
export function attention(
  q: Tensor,
  k: Tensor,
  v: Tensor,
  options: { heads: number; scale?: number; bias?: Tensor },
): Tensor {
  const { heads, bias } = options;
  const scale = options.scale ?? 1 / Math.sqrt((q.shape[2] as number) / heads);
  return apply(attentionOperation, bias ? [q, k, v, bias] : [q, k, v], { heads, scale });
}

/** Keys or values of `groups` heads, each repeated to serve `heads` queries. x: [batch, length, groups x head]. */
export function repeatHeads(x: Tensor, groups: number, heads: number): Tensor {
  if (groups === heads) return x;
  const [batch, length, width] = x.shape;
  const head = (width as number) / groups;
  return reshape(repeatInterleave(apart(x, groups), 2, heads / groups), [batch, length, heads * head]);
}

const rotaryOperation: Operation<{ heads: number }> = {
  name: "rotary",
  infer: ([x, cosine]) => {
    const [batch, length, width] = x.shape;
    if (cosine.shape[0] !== batch || cosine.shape[1] !== length || typeof width !== "number") {
      throw new Error("angles are [batch, length, head / 2].");
    }
    return { shape: x.shape, dtype: x.dtype };
  },
  expand: ([x, cosine, sine], { heads }) => rotate(x, cosine, sine, heads),
  gradient: (node, g) => {
    const [, cosine, sine] = node.inputs;
    return [rotary(g, cosine, negate(sine), node.attributes.heads), undefined, undefined];
  },
  lower: (node, [x, cosine, sine], emit) => {
    const [batch, length] = node.shape;
    const half = node.inputs[1].shape[2];
    const rows: Dimension[] = [multiplyDimensions(batch, length), half];
    const table = (angles: string) => emit.node("Reshape", [angles, emit.dimensions(rows)]);
    const numbers = emit.node("Range", [emit.dimension(0), emit.dimension(rows[0]), emit.dimension(1)]);
    const positions = emit.node("Reshape", [numbers, emit.dimensions([batch, length])]);
    const attributes = { num_heads: node.attributes.heads, interleaved: 0 };
    return emit.node("RotaryEmbedding", [x, positions, table(cosine), table(sine)], attributes, "com.microsoft");
  },
};

function rotate(x: Tensor, cosine: Tensor, sine: Tensor, heads: number): Tensor {
  const [batch, length, width] = x.shape;
  const half = (width as number) / heads / 2;
  const [first, second] = split(apart(x, heads), 3, 2);
  const c = reshape(cosine, [batch, length, 1, half]);
  const s = reshape(sine, [batch, length, 1, half]);
  const turned = concat(
    [subtract(multiply(first, c), multiply(second, s)), add(multiply(second, c), multiply(first, s))],
    3,
  );
  return reshape(turned, x.shape);
}

/**
 * Rotary position embedding (arXiv 2104.09864) in the "half-rotate" layout: element i of a head turns with element i + head / 2.
 * x: [batch, length, heads x head]; cosine, sine: [batch, length, head / 2]. No gradient flows to the angles.
 */
export const rotary = (x: Tensor, cosine: Tensor, sine: Tensor, heads: number): Tensor =>
  apply(rotaryOperation, [x, cosine, sine], { heads });
