import { type CheckpointReader, expectTensors } from "../checkpoint/index.ts";
import { isFloating, type StoredDType, type StoredTensor, toFloat32 } from "../checkpoint/tensor-data.ts";
import { UserError } from "../errors.ts";
import type { ExternalTensor } from "../onnx/model.ts";
import type { Weights } from "./programs.ts";

const FLOATS: Partial<Record<StoredDType, ExternalTensor["dtype"]>> = {
  F64: "float64",
  F32: "float32",
  F16: "float16",
  BF16: "bfloat16",
};

/** Weights that the engine reads straight from a checkpoint's files, which it knows by their bare names. */
export function checkpointWeights(reader: CheckpointReader): Weights {
  return {
    has: (name) => reader.has(name),
    check: (needed) => expectTensors(reader, needed),
    source: (name) => {
      const { dtype, shape, file, offset, length } = reader.info(name);
      const type = FLOATS[dtype];
      if (!type) throw new UserError(`The tensor ${name} holds ${dtype}, but weights must be floating-point numbers.`);
      return { dtype: type, shape, file: file.split(/[\\/]/).at(-1)!, offset, length };
    },
  };
}

/**
 * Weights held in memory, for a page: `memoryWeights(parseSafetensors(bytes).tensors)`. They are widened to fp32 and become part of each
 * program, so this suits models of some tens of megabytes.
 */
export function memoryWeights(tensors: ReadonlyMap<string, StoredTensor>): Weights {
  const widened = new Map<string, Float32Array>();
  const read = (name: string): StoredTensor => {
    const tensor = tensors.get(name);
    if (!tensor || !isFloating(tensor.dtype)) throw new UserError(`The checkpoint has no weight ${name}.`);
    return tensor;
  };
  return {
    has: (name) => tensors.has(name),
    check: (needed) => {
      const info = (name: string) => ({ ...read(name), file: "", offset: 0, length: 0 });
      expectTensors({ has: (name) => tensors.has(name), info }, needed);
    },
    source: (name) => {
      const tensor = read(name);
      const data = widened.get(name) ?? toFloat32(tensor);
      widened.set(name, data);
      return { data, shape: tensor.shape };
    },
  };
}
