import { type CheckpointReader, expectTensors } from "../checkpoint/index.ts";
import type { StoredDType } from "../checkpoint/tensor-data.ts";
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
