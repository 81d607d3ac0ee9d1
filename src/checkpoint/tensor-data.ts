/**
 * Tensors as they lie in checkpoint files: a name, an element type, a shape and little-endian, row-major bytes. The conversions
 * here are the only place that knows how half-precision numbers are laid out.
 */
import { UserError } from "../errors.ts";

/** Bytes of one element, for every element type that a checkpoint may hold. */
export const ELEMENT_BYTES = {
  F64: 8,
  F32: 4,
  F16: 2,
  BF16: 2,
  I64: 8,
  I32: 4,
  I16: 2,
  I8: 1,
  U8: 1,
  BOOL: 1,
} as const;

/** An element type, named as in safetensors files. */
export type StoredDType = keyof typeof ELEMENT_BYTES;

/** One tensor as stored: `bytes` holds product(shape) elements of `dtype`, little-endian and row-major, at any alignment. */
export interface StoredTensor {
  name: string;
  dtype: StoredDType;
  shape: number[];
  bytes: Uint8Array;
}

/** A tensor whose bytes can be had a piece at a time, so that it never has to be in memory as a whole. */
export interface StreamedTensor extends Omit<StoredTensor, "bytes"> {
  /** The bytes in order. A piece may be overwritten once the next one is asked for. */
  pieces(): Iterable<Uint8Array> | AsyncIterable<Uint8Array>;
}

/** The most bytes of a piece: a multiple of every element's size. */
export const PIECE_BYTES = 8 * 2 ** 20;

/** Whether `name` is an element type that checkpoints here may hold. */
export function isStoredDType(name: unknown): name is StoredDType {
  return typeof name === "string" && Object.hasOwn(ELEMENT_BYTES, name);
}

/** Whether the elements are floating-point numbers. */
export function isFloating(dtype: StoredDType): boolean {
  return dtype === "F64" || dtype === "F32" || dtype === "F16" || dtype === "BF16";
}

/** The most sizes that a shape may have. */
const RANK_LIMIT = 64;

/** Whether a value from a file is a shape: a list of whole sizes of zero or more. */
export function isSizeList(value: unknown): value is number[] {
  return Array.isArray(value) && value.length <= RANK_LIMIT && value.every(isSize);
}

/** Whether a value from a file is a whole number of zero or more. */
export function isSize(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

/** Number of elements of a shape; 1 for the empty shape. */
export function elementCount(shape: readonly number[]): number {
  // Sizes that overflow to infinity would make a product with zero no number.
  return shape.includes(0) ? 0 : shape.reduce((product, size) => product * size, 1);
}

/** Bytes that a tensor of this element type and shape takes. */
export function byteLength(dtype: StoredDType, shape: readonly number[]): number {
  return elementCount(shape) * ELEMENT_BYTES[dtype];
}

/**
 * The values as float32. A float64 or an integer is rounded to the nearest float32, a boolean becomes 0 or 1. For an aligned F32
 * tensor the result shares the tensor's memory.
 *
 * @throws UserError when the number of bytes does not fit the shape.
 */
export function toFloat32(tensor: Omit<StoredTensor, "name"> & { name?: string }): Float32Array {
  const bytes = checkedBytes(tensor);
  switch (tensor.dtype) {
    case "F32":
      return view(bytes, Float32Array);
    case "F64":
      return Float32Array.from(view(bytes, Float64Array));
    case "F16":
      return lookUp(view(bytes, Uint16Array), float16Values());
    case "BF16":
      return fromBfloat16(view(bytes, Uint16Array));
    case "I64":
      return Float32Array.from(view(bytes, BigInt64Array), Number);
    case "I32":
      return Float32Array.from(view(bytes, Int32Array));
    case "I16":
      return Float32Array.from(view(bytes, Int16Array));
    case "I8":
      return Float32Array.from(view(bytes, Int8Array));
    case "U8":
      return Float32Array.from(bytes);
    case "BOOL":
      return Float32Array.from(bytes, (value) => (value === 0 ? 0 : 1));
  }
}

/**
 * The values of an integer or boolean tensor, exactly.
 *
 * @throws UserError for a floating-point tensor, or when the number of bytes does not fit the shape.
 */
export function toBigInt64(tensor: StoredTensor): BigInt64Array {
  const bytes = checkedBytes(tensor);
  switch (tensor.dtype) {
    case "I64":
      return view(bytes, BigInt64Array);
    case "I32":
      return BigInt64Array.from(view(bytes, Int32Array), BigInt);
    case "I16":
      return BigInt64Array.from(view(bytes, Int16Array), BigInt);
    case "I8":
      return BigInt64Array.from(view(bytes, Int8Array), BigInt);
    case "U8":
      return BigInt64Array.from(bytes, BigInt);
    case "BOOL":
      return BigInt64Array.from(bytes, (value) => (value === 0 ? 0n : 1n));
    default:
      throw new UserError(`Tensor "${tensor.name}" holds ${tensor.dtype} values where whole numbers are needed.`);
  }
}

/** float32 as IEEE half precision, little-endian, rounded to nearest even; beyond ±65504 (after rounding) becomes infinite. */
export function toFloat16Bytes(values: Float32Array): Uint8Array {
  const words = view(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), Uint32Array);
  const halves = new Uint16Array(words.length);
  for (let i = 0; i < words.length; i++) halves[i] = float16Bits(words[i]);
  return new Uint8Array(halves.buffer);
}

/** float32 as bfloat16, little-endian, rounded to nearest even. */
export function toBfloat16Bytes(values: Float32Array): Uint8Array {
  const words = view(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), Uint32Array);
  const halves = new Uint16Array(words.length);
  for (let i = 0; i < words.length; i++) {
    const word = words[i];
    const isNotNumber = (word & 0x7fffffff) > 0x7f800000;
    // Rounding could carry a NaN's mantissa into infinity, so a NaN is cut instead, with its quiet bit set.
    halves[i] = isNotNumber ? (word >>> 16) | 0x40 : (word + 0x7fff + ((word >>> 16) & 1)) >>> 16;
  }
  return new Uint8Array(halves.buffer);
}

/**
 * The tensor's bytes, read once.
 *
 * @throws UserError when their number does not fit the shape.
 */
export function checkedBytes(tensor: Omit<StoredTensor, "name"> & { name?: string }): Uint8Array {
  const { bytes } = tensor;
  const expected = byteLength(tensor.dtype, tensor.shape);
  if (bytes.byteLength !== expected) {
    const label = `Tensor "${tensor.name ?? ""}" of shape [${tensor.shape.join(", ")}] and type ${tensor.dtype}`;
    throw new UserError(`${label} needs ${expected} bytes but has ${bytes.byteLength}.`);
  }
  return bytes;
}

interface ElementArray<T> {
  new (buffer: ArrayBufferLike, byteOffset: number, length: number): T;
  readonly BYTES_PER_ELEMENT: number;
}

/** The same bytes as another element type; copied first when they do not lie at a multiple of the element's size. */
function view<T>(bytes: Uint8Array, Elements: ElementArray<T>): T {
  const aligned = bytes.byteOffset % Elements.BYTES_PER_ELEMENT === 0 ? bytes : bytes.slice();
  return new Elements(aligned.buffer, aligned.byteOffset, aligned.byteLength / Elements.BYTES_PER_ELEMENT);
}

function fromBfloat16(halves: Uint16Array): Float32Array {
  const words = new Uint32Array(halves.length);
  for (let i = 0; i < halves.length; i++) words[i] = halves[i] << 16;
  return new Float32Array(words.buffer);
}

function lookUp(halves: Uint16Array, table: Float32Array): Float32Array {
  const values = new Float32Array(halves.length);
  for (let i = 0; i < halves.length; i++) values[i] = table[halves[i]];
  return values;
}

let float16Table: Float32Array | undefined;

/** float32 value of each of the 65,536 half-precision numbers; a look-up is several times faster than decoding each one. */
function float16Values(): Float32Array {
  if (float16Table) return float16Table;
  const words = new Uint32Array(0x10000);
  const table = new Float32Array(words.buffer);
  for (let half = 0; half < 0x10000; half++) {
    const sign = (half & 0x8000) << 16;
    const exponent = (half >>> 10) & 0x1f;
    const mantissa = half & 0x3ff;
    if (exponent === 0) {
      table[half] = mantissa * 2 ** -24; // zero and subnormal numbers
      words[half] |= sign;
    } else {
      const wide = exponent === 0x1f ? 0xff : exponent + 112; // 112 = the float32 bias less the float16 bias
      words[half] = sign | (wide << 23) | (mantissa << 13);
    }
  }
  float16Table = table;
  return table;
}

/** The half-precision bits nearest to a float32 given by its bits. */
function float16Bits(word: number): number {
  const sign = (word >>> 16) & 0x8000;
  const magnitude = word & 0x7fffffff;
  if (magnitude > 0x7f800000) return sign | 0x7e00 | ((magnitude >>> 13) & 0x3ff); // NaN, made quiet
  if (magnitude >= 0x47800000) return sign | 0x7c00; // 65536 and above, and infinity
  if (magnitude < 0x38800000) {
    // Below 2^-14 the half is subnormal: count how many 2^-24 it holds. Below 2^-25 nothing is left.
    const exponent = magnitude >>> 23;
    if (exponent < 102) return sign;
    const mantissa = (magnitude & 0x7fffff) | 0x800000;
    return sign | roundedShift(mantissa, 126 - exponent);
  }
  // Rebias the exponent, then drop 13 mantissa bits; a carry out of the mantissa rightly raises the exponent.
  return sign | roundedShift(magnitude - 0x38000000, 13);
}

/** `value / 2^bits` rounded to nearest, ties to even. */
function roundedShift(value: number, bits: number): number {
  const kept = value >>> bits;
  const rest = value & ((1 << bits) - 1);
  const half = 1 << (bits - 1);
  return rest > half || (rest === half && (kept & 1) === 1) ? kept + 1 : kept;
}
