import { type CheckpointReader, elementCount, type StoredTensor, scaleName } from "../checkpoint/index.ts";
import {
  int4Numbers,
  int4Scales,
  int8Numbers,
  int8Scales,
  type MatrixShape,
  type QuantizedFormat,
} from "../checkpoint/quantized-numbers.ts";
import {
  ELEMENT_BYTES,
  type StoredDType,
  toBfloat16Bytes,
  toFloat16Bytes,
  toFloat32,
} from "../checkpoint/tensor-data.ts";
import { UserError } from "../errors.ts";
import type { PlannedWeight } from "./plan.ts";

/** Numbers that are converted at a time, so that a large table is never in memory in full width. */
const PIECE = 1 << 22;

/**
 * The tensors of a planned checkpoint, each read and converted when its `bytes` are asked for.
 *
 * @param onRead called before each reading; may throw to stop
 */
export function convertedTensors(
  reader: Pick<CheckpointReader, "readSync">,
  plan: readonly PlannedWeight[],
  onRead: (weight: PlannedWeight) => void = () => {},
): StoredTensor[] {
  return plan.flatMap((weight) => {
    const read = () => {
      onRead(weight);
      return reader.readSync(weight.name);
    };
    const { name, from, to } = weight;
    const shape = [...weight.shape];
    if (to === "int8" || to === "int4") return quantizedTensors(name, to, shape as [number, number], read);
    return [lazy(name, to, shape, () => (from === to ? read().bytes : convertFloats(read(), to)))];
  });
}

const lazy = (name: string, dtype: StoredDType, shape: number[], bytes: () => Uint8Array): StoredTensor => ({
  name,
  dtype,
  shape,
  get bytes() {
    return bytes();
  },
});

/** The numbers and the scales. Whichever is asked for first works out the scales, which are small enough to keep for the other. */
function quantizedTensors(
  name: string,
  format: QuantizedFormat,
  shape: [out: number, inner: number],
  read: () => StoredTensor,
): StoredTensor[] {
  const quantize = QUANTIZERS[format];
  let scales: Uint8Array | undefined;
  const scalesOf = (weights: Float32Array) => {
    scales ??= quantize.scales(weights, shape);
    return scales;
  };
  const values = () => finite(name, toFloat32(read()));
  return [
    lazy(name, quantize.dtype, quantize.shape(shape), () => {
      const weights = values();
      return quantize.numbers(weights, scalesOf(weights), shape);
    }),
    lazy(scaleName(name), quantize.scaleType, quantize.scaleShape(shape), () => scales ?? scalesOf(values())),
  ];
}

interface Quantizer {
  dtype: StoredDType;
  shape: (weight: MatrixShape) => number[];
  numbers: (weights: Float32Array, scales: Uint8Array, shape: MatrixShape) => Uint8Array;
  scaleType: StoredDType;
  scaleShape: (weight: MatrixShape) => number[];
  scales: (weights: Float32Array, shape: MatrixShape) => Uint8Array;
}

const QUANTIZERS: Record<QuantizedFormat, Quantizer> = {
  int8: {
    dtype: "I8",
    shape: ([out, inner]) => [inner, out],
    numbers: (weights, scales, shape) =>
      bytesOf(int8Numbers(weights, toFloat32({ dtype: "F32", shape: [shape[0]], bytes: scales }), shape)),
    scaleType: "F32",
    scaleShape: ([out]) => [out],
    scales: (weights, shape) => bytesOf(int8Scales(weights, shape)),
  },
  int4: {
    dtype: "U8",
    shape: ([out, inner]) => [out, inner / 2],
    numbers: int4Numbers,
    scaleType: "F16",
    scaleShape: ([out, inner]) => [out, inner / 32],
    scales: int4Scales,
  },
};

function convertFloats(tensor: StoredTensor, to: StoredDType): Uint8Array {
  const { name, dtype, shape, bytes } = tensor;
  const count = elementCount(shape);
  const result = new Uint8Array(count * ELEMENT_BYTES[to]);
  for (let start = 0; start < count; start += PIECE) {
    const end = Math.min(count, start + PIECE);
    const piece = bytes.subarray(start * ELEMENT_BYTES[dtype], end * ELEMENT_BYTES[dtype]);
    const values = toFloat32({ dtype, shape: [end - start], bytes: piece });
    if (to === "F16") checkRange(name, values);
    const converted = to === "F16" ? toFloat16Bytes(values) : to === "BF16" ? toBfloat16Bytes(values) : bytesOf(values);
    result.set(converted, start * ELEMENT_BYTES[to]);
  }
  return result;
}

const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);

/** From here on half precision rounds to infinity. */
const BEYOND_FP16 = 65520;

function checkRange(name: string, values: Float32Array): void {
  const beyond = values.find((value) => Math.abs(value) >= BEYOND_FP16);
  if (beyond === undefined) return;
  throw new UserError(`The weight "${name}" holds ${beyond}, more than fp16's 65504; choose bf16 for its part.`);
}

function finite(name: string, values: Float32Array): Float32Array {
  const odd = values.find((value) => !Number.isFinite(value));
  if (odd === undefined) return values;
  throw new UserError(`The weight "${name}" holds ${odd}, so it cannot be quantised; the checkpoint is damaged.`);
}
