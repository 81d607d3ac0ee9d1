import * as ort from "onnxruntime-node";
import { lower } from "../onnx/lower.ts";
import type { DType, HostArray } from "../tensor/dtype.ts";
import { detach, input } from "../tensor/index.ts";
import type { Engine } from "./engine.ts";
import { int8Overflows } from "./int8-overflow.ts";
import { commonOptions, fromOrt, loadProgram } from "./session.ts";

// The engine's log would repeat on the terminal what its errors already say.
ort.env.logLevel = "fatal";

/**
 * Threads sleep instead of spinning, and work is dealt out in small parts: where other programs run too, a step takes half the time
 * (measured: 690 ms against 1,340 beside one busy process on two cores).
 */
const SHARED_CORES = { "intra_op.allow_spinning": "0", dynamic_block_base: "4" };

let overflows: Promise<boolean> | undefined;

/** Found out once, by the first program that multiplies int8 weights. */
function overflowsHere(): Promise<boolean> {
  const options = { device: "cpu", threads: 1 } as const;
  overflows ??= int8Overflows((program) => loadProgram(ort, program, options, commonOptions(options), readFromGpu));
  return overflows;
}

/** ONNX Runtime in Node. External weights are read from `weightsFolder`, straight from their files. */
export const nodeEngine: Engine = {
  hasFastInt8: true,

  async load(program, options) {
    if (options.weights) throw new Error("In Node external weights are read from weightsFolder, not given as bytes.");
    const session: Record<string, string> = { ...SHARED_CORES };
    if (program.int8Products && (await overflowsHere())) session.x64quantprecision = "1";
    if (options.weightsFolder) session.model_external_initializers_file_folder_path = options.weightsFolder;
    const settings = {
      ...commonOptions(options),
      executionProviders: [options.device],
      ...(options.threads === undefined ? {} : { intraOpNumThreads: options.threads }),
      extra: { session },
    };
    return loadProgram(ort, program, options, settings, readFromGpu);
  },
};

/** Programs that only copy, by the type and number of axes of what they copy; they have no weights and stay loaded. */
const copying = new Map<string, Promise<ort.InferenceSession>>();

/** Reads a tensor back through a program that gives out what it takes in: in Node, asking the tensor itself ends the process. */
async function readFromGpu(tensor: ort.Tensor): Promise<HostArray> {
  const key = `${tensor.type} ${tensor.dims.length}`;
  let session = copying.get(key);
  if (!session) {
    const shape = tensor.dims.map((_, axis) => `size${axis}`);
    const same = detach(input("value", tensor.type as DType, shape));
    const { model } = lower({ copy: same }, { fused: true, parameters: () => undefined });
    session = ort.InferenceSession.create(model, {
      ...commonOptions({ device: "webgpu" }),
      executionProviders: ["webgpu"],
    });
    copying.set(key, session);
  }
  return fromOrt((await (await session).run({ value: tensor })).copy);
}
