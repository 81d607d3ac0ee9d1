import { toFloat32 } from "../../checkpoint/tensor-data.ts";
import { UserError } from "../../errors.ts";
import { parseConfig, type UniPicConfig } from "../../models/config.ts";
import { Scope } from "../../nn/scope.ts";
import { nodeEngine } from "../../runtime/node.ts";
import { Program } from "../../runtime/program.ts";
import { type DType, type HostArray, hostArray } from "../../tensor/dtype.ts";
import { inOrder, isParameter, type Tensor } from "../../tensor/index.ts";
import type { ParityCase, ParityOutput, RecordedTensor } from "./parity-case.ts";

/** One thread: the models are small, and sums come out in the same order every time. */
export const PARITY_DEVICE = { device: "cpu", threads: 1 } as const;

/** The small model of a parity folder, with one scope for all that a case traces. */
export interface ParityModel {
  readonly config: UniPicConfig;
  readonly root: Scope;
}

/** @throws UserError when the folder's configuration is not one of a UniPic model */
export function parityModel(context: ParityCase): ParityModel {
  return { config: parseConfig(context.config, "manifest.json: config"), root: Scope.root() };
}

/** The recorded weights of these names, as float32. */
export async function recordedWeights(
  context: ParityCase,
  names: Iterable<string>,
): Promise<Map<string, { data: Float32Array; shape: readonly number[] }>> {
  const file = await context.weights();
  const weights = new Map<string, { data: Float32Array; shape: readonly number[] }>();
  for (const name of names) {
    const tensor = await file.read(name);
    weights.set(name, { data: toFloat32(tensor), shape: tensor.shape });
  }
  return weights;
}

/**
 * Compiles and runs tensors once on the CPU with the folder's weights.
 *
 * @param fused with the kernels of inference, or with the simple operations of training
 */
export async function compute(
  context: ParityCase,
  outputs: Readonly<Record<string, Tensor>>,
  feeds: Readonly<Record<string, HostArray>>,
  { fused = true } = {},
): Promise<Record<string, HostArray>> {
  const parameters = inOrder(Object.values(outputs)).filter(isParameter);
  const weights = await recordedWeights(
    context,
    parameters.map(({ attributes }) => attributes.name),
  );
  for (const { attributes, shape } of parameters) {
    const recorded = weights.get(attributes.name)?.shape;
    if (recorded?.join() !== shape.join()) {
      throw new UserError(`The weight "${attributes.name}" has shape [${recorded}] but should have [${shape}].`);
    }
  }
  const lowering = { fused, parameters: (name: string) => weights.get(name) };
  const program = await Program.compile(nodeEngine, outputs, lowering, PARITY_DEVICE);
  try {
    return await program.run(feeds);
  } finally {
    await program.release();
  }
}

/** A program's result as a case's output. */
export const asOutput = ({ shape, data }: HostArray): ParityOutput => ({
  shape,
  values: data as ArrayLike<number> | BigInt64Array,
});

/** All of a program's results as a case's outputs. */
export const asOutputs = (results: Readonly<Record<string, HostArray>>): Map<string, ParityOutput> =>
  new Map(Object.entries(results).map(([name, result]) => [name, asOutput(result)]));

/** A recorded tensor as a program's input: float32 or int64. */
export function feed(tensor: RecordedTensor, dtype: DType = "float32"): HostArray {
  return hostArray(dtype, tensor.shape, dtype === "int64" ? tensor.integers() : tensor.floats());
}
