/**
 * Weights of linear layers, [out, in], in whole numbers with scales:
 *
 * * `int8`: a scale for each output channel, w = q s with q from -127 to 127. The numbers lie input-major, [in, out], as integer
 *   matrix kernels read them.
 * * `int4`: a scale for each block of 32 numbers of a row, w = (q - 8) s with q from 0 to 15. Two numbers share a byte, the earlier
 *   one in its lower half: [out, in / 2], scales [out, in / 32] in half precision.
 *
 * Weights must be finite.
 */
import { toFloat16Bytes, toFloat32 } from "./tensor-data.ts";

export type QuantizedFormat = "int8" | "int4";

/** Rows and length of a row of a weight. */
export type MatrixShape = readonly [out: number, inner: number];

export const INT4_BLOCK = 32;

const INT8_LARGEST = 127;
const INT4_ZERO = 8;

/** Rows that are turned to columns together: their scattered writes then stay within the processor's cache. */
const TILE = 64;

/** Each row's scale: its largest magnitude becomes 127. Result: [out]. */
export function int8Scales(weights: Float32Array, [out, inner]: MatrixShape): Float32Array {
  const scales = new Float32Array(out);
  for (let row = 0; row < out; row++) scales[row] = Math.abs(farthest(weights, row * inner, inner)) / INT8_LARGEST;
  return scales;
}

/** The numbers that go with {@link int8Scales}: [in, out]. */
export function int8Numbers(weights: Float32Array, scales: Float32Array, [out, inner]: MatrixShape): Int8Array {
  const numbers = new Int8Array(out * inner);
  for (let first = 0; first < out; first += TILE) {
    const end = Math.min(first + TILE, out);
    for (let column = 0; column < inner; column++) {
      for (let row = first; row < end; row++) {
        const scale = scales[row];
        // A scale may be so small that a quotient runs past the ends.
        numbers[column * out + row] =
          scale === 0 ? 0 : between(Math.round(weights[row * inner + column] / scale), -INT8_LARGEST, INT8_LARGEST);
      }
    }
  }
  return numbers;
}

/**
 * Where in the range from -8 to 7 a block's number of largest magnitude may come to lie (below the range: cut). The place with the
 * smallest squared error is taken; with the plain choice, 7, the error of normally distributed weights is 18 % larger.
 */
const INT4_PLACES = [7, 7.5, 8, 8.5, 9];

/** Each block's scale, in half precision: [out, in / 32], little-endian. `inner` must be a multiple of 32. */
export function int4Scales(weights: Float32Array, [out, inner]: MatrixShape): Uint8Array {
  const scales = new Float32Array((out * inner) / INT4_BLOCK);
  for (let block = 0; block < scales.length; block++) {
    const start = block * INT4_BLOCK;
    const extreme = farthest(weights, start, INT4_BLOCK);
    if (extreme === 0) continue;
    let least = Number.POSITIVE_INFINITY;
    for (const place of INT4_PLACES) {
      // The range has one more number below zero than above it, so that is where the farthest goes.
      const scale = extreme / -place;
      const error = int4Error(weights, start, scale);
      if (error < least) {
        least = error;
        scales[block] = scale;
      }
    }
  }
  return toFloat16Bytes(scales);
}

/** The numbers that go with {@link int4Scales}, two a byte: [out, in / 2]. */
export function int4Numbers(weights: Float32Array, scales: Uint8Array, shape: MatrixShape): Uint8Array {
  const wide = int4ScaleValues(scales, shape);
  const bytes = new Uint8Array(weights.length / 2);
  for (let i = 0; i < bytes.length; i++) {
    const scale = wide[Math.floor((2 * i) / INT4_BLOCK)];
    bytes[i] = int4Number(weights[2 * i], scale) | (int4Number(weights[2 * i + 1], scale) << 4);
  }
  return bytes;
}

/** The weights that quantised ones stand for: [out, in] in float32. */
export function dequantize(
  format: QuantizedFormat,
  numbers: Uint8Array,
  scales: Uint8Array,
  shape: MatrixShape,
): Float32Array {
  const [out, inner] = shape;
  const weights = new Float32Array(out * inner);
  if (format === "int8") {
    const wide = toFloat32({ dtype: "F32", shape: [out], bytes: scales });
    for (let i = 0; i < weights.length; i++) {
      const row = Math.floor(i / inner);
      weights[i] = ((numbers[(i % inner) * out + row] << 24) >> 24) * wide[row];
    }
  } else {
    const wide = int4ScaleValues(scales, shape);
    for (let i = 0; i < weights.length; i++) {
      const number = (numbers[i >> 1] >> (4 * (i & 1))) & 15;
      weights[i] = (number - INT4_ZERO) * wide[Math.floor(i / INT4_BLOCK)];
    }
  }
  return weights;
}

const int4ScaleValues = (bytes: Uint8Array, [out, inner]: MatrixShape): Float32Array =>
  toFloat32({ dtype: "F16", shape: [out, inner / INT4_BLOCK], bytes });

const int4Number = (weight: number, scale: number): number =>
  scale === 0 ? INT4_ZERO : between(Math.round(weight / scale), -INT4_ZERO, INT4_ZERO - 1) + INT4_ZERO;

function int4Error(weights: Float32Array, start: number, scale: number): number {
  let sum = 0;
  for (let i = start; i < start + INT4_BLOCK; i++) {
    const difference = weights[i] - (int4Number(weights[i], scale) - INT4_ZERO) * scale;
    sum += difference * difference;
  }
  return sum;
}

const between = (value: number, low: number, high: number): number => Math.min(Math.max(value, low), high);

/** The number of largest magnitude. */
function farthest(values: Float32Array, start: number, count: number): number {
  let found = 0;
  for (let i = start; i < start + count; i++) {
    const value = values[i];
    if (Math.abs(value) > Math.abs(found)) found = value;
  }
  return found;
}
