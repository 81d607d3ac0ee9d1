import { type CheckpointReader, expectTensors, type TensorInfo } from "../checkpoint/index.ts";
import { quantizedIn, quantizedPair } from "../checkpoint/quantized.ts";
import { INT4_BLOCK, type QuantizedFormat } from "../checkpoint/quantized-numbers.ts";
import { isFloating, type StoredDType, type StoredTensor, toFloat32 } from "../checkpoint/tensor-data.ts";
import { UserError } from "../errors.ts";
import type { StoredNumbers } from "../onnx/lower.ts";
import type { StoredType } from "../onnx/model.ts";
import type { Weights } from "./programs.ts";

const TYPES: Partial<Record<StoredDType, StoredType>> = {
  F64: "float64",
  F32: "float32",
  F16: "float16",
  BF16: "bfloat16",
  I8: "int8",
  U8: "uint8",
};

/** Weights that the engine reads straight from a checkpoint's files, which it knows by their bare names. */
export function checkpointWeights(reader: CheckpointReader): Weights {
  const stored = ({ dtype, shape, file, offset, length }: TensorInfo) => ({
    dtype: TYPES[dtype]!,
    shape,
    file: file.split(/[\\/]/).at(-1)!,
    offset,
    length,
  });
  return {
    has: (name) => reader.has(name),
    check: (needed) => expectTensors(reader, needed),
    source: (name) => {
      const pair = quantizedIn(reader, name);
      if (pair) return quantizedSource(pair, stored);
      const info = reader.info(name);
      if (isFloating(info.dtype)) return stored(info);
      throw new UserError(`The tensor ${name} holds ${info.dtype}, but weights must be floating-point numbers.`);
    },
  };
}

/**
 * Weights held in memory, for a page: `memoryWeights(parseSafetensors(bytes).tensors)`. They are widened to fp32, quantised ones apart, and
 * become part of each program, so this suits models of some tens of megabytes.
 */
export function memoryWeights(tensors: ReadonlyMap<string, StoredTensor>): Weights {
  const widened = new Map<string, Float32Array>();
  const info = (name: string): TensorInfo => ({ ...tensors.get(name)!, file: "", offset: 0, length: 0 });
  const stored = ({ dtype, shape, bytes }: StoredTensor) => ({ dtype: TYPES[dtype]!, shape, data: bytes });
  return {
    has: (name) => tensors.has(name),
    check: (needed) => expectTensors({ has: (name) => tensors.has(name), info }, needed),
    source: (name) => {
      const pair = quantizedPair(name, (part) => tensors.get(part));
      if (pair) return quantizedSource(pair, stored);
      const tensor = tensors.get(name);
      if (!tensor || !isFloating(tensor.dtype)) throw new UserError(`The checkpoint has no weight ${name}.`);
      const data = widened.get(name) ?? toFloat32(tensor);
      widened.set(name, data);
      return { data, shape: tensor.shape };
    },
  };
}

/** A quantised weight in the shapes that kernels take: int4 numbers in blocks, its scales in one row. */
function quantizedSource<T extends { shape: number[] }>(
  pair: { format: QuantizedFormat; shape: [number, number]; numbers: T; scales: T },
  stored: (tensor: T) => StoredNumbers,
) {
  const { format, shape } = pair;
  const [out, inner] = shape;
  const [numbers, scales] = [stored(pair.numbers), stored(pair.scales)];
  if (format === "int8") return { format, shape, numbers, scales };
  const blocks = inner / INT4_BLOCK;
  return {
    format,
    shape,
    numbers: { ...numbers, shape: [out, blocks, INT4_BLOCK / 2] },
    scales: { ...scales, shape: [out * blocks] },
  };
}
