import type { Dimension } from "../dimension.ts";
import { broadcastShapes, sizeOf } from "../shape.ts";
import { apply, type Operation, type Tensor } from "../tensor.ts";
import { add } from "./elementwise.ts";
import { reshape, sumTo, transpose } from "./movement.ts";
import { quantizedProduct } from "./quantized.ts";

interface Flags {
  transposeA: boolean;
  transposeB: boolean;
}

const swapLast = (x: Tensor): number[] => {
  const order = x.shape.map((_, i) => i);
  return [...order.slice(0, -2), x.rank - 1, x.rank - 2];
};

const matmulOperation: Operation<Flags> = {
  name: "matmul",
  infer: ([a, b], { transposeA, transposeB }) => {
    if (a.rank < 2 || b.rank < 2) throw new Error("both operands need two axes or more.");
    if (a.dtype !== b.dtype) throw new Error(`the types ${a.dtype} and ${b.dtype} differ; cast one of them.`);
    const [rows, inner] = lastTwo(a, transposeA);
    const [innerB, columns] = lastTwo(b, transposeB);
    if (inner !== innerB) throw new Error(`inner sizes ${inner} and ${innerB} differ.`);
    const batch = broadcastShapes(a.shape.slice(0, -2), b.shape.slice(0, -2));
    return { shape: [...batch, rows, columns], dtype: a.dtype };
  },
  gradient: (node, g) => {
    const [a, b] = node.inputs;
    const { transposeA, transposeB } = node.attributes;
    const forA = transposeA
      ? matmul(b, g, { transposeA: transposeB, transposeB: true })
      : matmul(g, b, { transposeB: !transposeB });
    const forB = transposeB
      ? matmul(g, a, { transposeA: true, transposeB: transposeA })
      : matmul(a, g, { transposeA: !transposeA });
    return [sumTo(forA, a.shape), sumTo(forB, b.shape)];
  },
  lower: (node, [a, b], emit) => {
    const { transposeA, transposeB } = node.attributes;
    const [left, right] = node.inputs;
    const weight = isLinear(node) ? emit.quantized(b) : undefined;
    if (weight) return quantizedProduct(a, weight, emit);
    if ((transposeA || transposeB) && left.rank === 2 && right.rank === 2) {
      return emit.node("Gemm", [a, b], { transA: transposeA ? 1 : 0, transB: transposeB ? 1 : 0 });
    }
    const flipped = (x: Tensor, name: string, yes: boolean) =>
      yes ? emit.node("Transpose", [name], { perm: swapLast(x) }) : name;
    return emit.node("MatMul", [flipped(left, a, transposeA), flipped(right, b, transposeB)]);
  },
};

/** Whether a product is rows times a weight [out, in]: x [rows, in] weight^T, the form in which weights may be quantised. */
export const isLinear = ({ operation, inputs, attributes }: Tensor): boolean => {
  if (operation !== matmulOperation) return false;
  const { transposeA, transposeB } = attributes as Flags;
  return transposeB && !transposeA && inputs.every(({ rank }) => rank === 2);
};

const lastTwo = (x: Tensor, flipped: boolean): [Dimension, Dimension] => {
  const [rows, columns] = x.shape.slice(-2);
  return flipped ? [columns, rows] : [rows, columns];
};

/** Matrix product over the last two axes, leading axes broadcast; either operand may be read transposed. */
export const matmul = (a: Tensor, b: Tensor, flags: Partial<Flags> = {}): Tensor =>
  apply(matmulOperation, [a, b], { transposeA: flags.transposeA ?? false, transposeB: flags.transposeB ?? false });

/** `x weight^T + bias`. x: [..., in]; weight: [out, in]; bias: [out]. */
export function linear(x: Tensor, weight: Tensor, bias?: Tensor): Tensor {
  const [out, inner] = weight.shape;
  const rows = x.shape.slice(0, -1);
  const flat = reshape(x, [sizeOf(rows), inner]); // [rows, in]
  const product = matmul(flat, weight, { transposeB: true }); // [rows, out]
  return reshape(bias ? add(product, bias) : product, [...rows, out]);
}

/** x with its last two axes exchanged. */
export const transposeLast = (x: Tensor): Tensor => transpose(x, swapLast(x));
