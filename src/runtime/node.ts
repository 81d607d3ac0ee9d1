import * as ort from "onnxruntime-node";
import { UserError } from "../errors.ts";
import type { LoweredProgram } from "../onnx/lower.ts";
import type { HostArray, HostData } from "../tensor/dtype.ts";
import type { Device, Engine, EngineOptions, LoadedProgram } from "./engine.ts";

/** ONNX Runtime in Node. */
export const nodeEngine: Engine = {
  async load(program: LoweredProgram, options: EngineOptions): Promise<LoadedProgram> {
    let session: ort.InferenceSession;
    try {
      session = await ort.InferenceSession.create(program.model, sessionOptions(options));
    } catch (error) {
      if (options.device !== "cpu") throw new UserError(missingDevice(options.device), { cause: error });
      throw error;
    }
    return {
      async run(feeds, into = {}) {
        const outputs = Object.fromEntries(
          program.outputs.map(({ name }) => [name, into[name] ? toOrt(into[name]) : null]),
        );
        const results = await session.run(mapValues(feeds, toOrt), outputs);
        return mapValues(results, fromOrt);
      },
      release: () => session.release(),
    };
  },
};

function missingDevice(device: Device): string {
  return device === "webgpu"
    ? "No GPU was found for --device webgpu: it needs a graphics driver with Vulkan, Metal or Direct3D 12; --device cpu works everywhere."
    : "No GPU was found for --device cuda: it needs an NVIDIA driver and ONNX Runtime's CUDA libraries; --device cpu works everywhere.";
}

function sessionOptions(options: EngineOptions): ort.InferenceSession.SessionOptions {
  const session: Record<string, string> = {};
  if (options.weightsFolder) session.model_external_initializers_file_folder_path = options.weightsFolder;
  return {
    executionProviders: [options.device],
    graphOptimizationLevel: options.optimization === "quick" ? "basic" : "all",
    ...(options.threads === undefined ? {} : { intraOpNumThreads: options.threads }),
    logSeverityLevel: 3,
    extra: { session },
  };
}

function mapValues<A, B>(values: Readonly<Record<string, A>>, change: (value: A) => B): Record<string, B> {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [key, change(value)]));
}

const toOrt = ({ dtype, data, shape }: HostArray): ort.Tensor =>
  new ort.Tensor(dtype as "float32", data as Float32Array, shape);

const fromOrt = (tensor: ort.OnnxValue): HostArray => ({
  dtype: tensor.type as HostArray["dtype"],
  shape: tensor.dims,
  data: tensor.data as HostData,
});
