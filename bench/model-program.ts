/** Something that a model's weights work out, compiled for the CPU. */
import { nodeEngine } from "../src/runtime/node.ts";
import { Program } from "../src/runtime/program.ts";
import type { HostArray } from "../src/tensor/dtype.ts";
import type { Tensor } from "../src/tensor/index.ts";
import type { Batch } from "../src/training/batches.ts";
import { readValues } from "../src/training/checkpoint.ts";

export interface ModelProgram {
  run: (inputs: Batch) => Promise<Record<string, HostArray>>;
  release: () => Promise<void>;
}

/** Compiles outputs of parameters that the model folder holds, and of inputs that each run is given. */
export async function compileModel(folder: string, outputs: Record<string, Tensor>): Promise<ModelProgram> {
  const lowering = { fused: false, parameters: () => undefined };
  const program = await Program.compile(nodeEngine, outputs, lowering, { device: "cpu" });
  const used = new Set(program.inputs.map(({ name }) => name));
  const weights = Object.fromEntries([...(await readValues(folder))].filter(([name]) => used.has(name)));
  return { run: (inputs) => program.run({ ...weights, ...inputs }), release: () => program.release() };
}

/** The rows of a tensor [..., width]. */
export function rowsOf({ data, shape }: HostArray): Float32Array[] {
  const width = shape.at(-1)!;
  const values = data as Float32Array;
  return Array.from({ length: values.length / width }, (_, row) => values.subarray(row * width, (row + 1) * width));
}
