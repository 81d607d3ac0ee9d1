import type { Emitter, QuantizedWeight } from "../emitter.ts";

const BLOCK = 32;
/** int8 kernels multiply uint8 by int8: x is written as 128 + q, q from -127 to 127. */
const ZERO = 128;
const LARGEST = 127;
/** A row of zeros needs a scale all the same. */
const LEAST_SCALE = 1e-30;

/** `x weight^T` by the kernels for quantised weights. x: float32 [rows, in]; result: [rows, out]. */
export function quantizedProduct(x: string, weight: QuantizedWeight, emit: Emitter): string {
  return weight.format === "int8" ? int8Product(x, weight, emit) : int4Product(x, weight, emit);
}

/**
 * Every row of x is quantised by itself, symmetrically: its largest magnitude becomes 127 (LLM.int8(), arXiv 2208.07339, section 2.2). The
 * usual single scale for the whole matrix (DynamicQuantizeLinear) loses all rows to the one with the largest outliers, and makes a
 * row's result depend on its neighbours in the batch.
 */
function int8Product(x: string, { numbers, scales }: QuantizedWeight, emit: Emitter): string {
  const number = (value: number) => emit.constant(Float32Array.of(value), [], "float32");
  const zero = emit.constant(Uint8Array.of(ZERO), [], "uint8");
  const last = emit.integers([-1]);
  const high = emit.node("ReduceMax", [x, last], { keepdims: 0 });
  const low = emit.node("ReduceMin", [x, last], { keepdims: 0 });
  // The engine leaves the last axis in the shape where there are no rows; flattening takes it away.
  const reach = emit.node("Reshape", [emit.node("Max", [high, emit.node("Neg", [low])]), last]);
  const rowScales = emit.node("Max", [emit.node("Mul", [reach, number(1 / LARGEST)]), number(LEAST_SCALE)]); // [rows]
  const zeros = emit.node("Expand", [zero, emit.node("Shape", [rowScales])]);
  const quantized = emit.node("QuantizeLinear", [x, rowScales, zeros], { axis: 0 });
  const product = emit.node("MatMulIntegerToFloat", [quantized, numbers, number(1), scales, zero], {}, "com.microsoft");
  return emit.node("Mul", [product, emit.node("Unsqueeze", [rowScales, last])]);
}

/** x is quantised by the kernel, in blocks of a row, to 8 bits: accuracy level 4. */
function int4Product(x: string, { numbers, scales, shape: [out, inner] }: QuantizedWeight, emit: Emitter): string {
  const attributes = { N: out, K: inner, bits: 4, block_size: BLOCK, accuracy_level: 4 };
  return emit.node("MatMulNBits", [x, numbers, scales], attributes, "com.microsoft");
}

/** The weight in float32, [out, in]. As all that it is made of is constant, this is worked out once, when the program is loaded. */
export function widenQuantized({ format, shape, numbers, scales }: QuantizedWeight, emit: Emitter): string {
  const [out, inner] = shape;
  const wide = emit.cast(numbers, "float32");
  if (format === "int8") return emit.node("Transpose", [emit.node("Mul", [wide, scales])], { perm: [1, 0] });
  const number = (value: number) => emit.constant(Float32Array.of(value), [], "float32");
  const upper = emit.node("Floor", [emit.node("Mul", [wide, number(1 / 16)])]);
  const lower = emit.node("Sub", [wide, emit.node("Mul", [upper, number(16)])]);
  const blocks = [out, inner / BLOCK, BLOCK / 2];
  const single = emit.integers([...blocks, 1]);
  const halves = [lower, upper].map((half) => emit.node("Reshape", [half, single]));
  const pairs = emit.node("Concat", halves, { axis: 3 }); // [out, blocks, 16, 2]
  const centred = emit.node("Sub", [pairs, number(8)]);
  const each = emit.node("Reshape", [scales, emit.integers([out, inner / BLOCK, 1, 1])]);
  return emit.node("Reshape", [emit.node("Mul", [centred, each]), emit.integers(shape)]);
}
