import type {
  InferenceSession,
  InferenceSessionFactory,
  OnnxValue,
  Tensor,
  TensorConstructor,
} from "onnxruntime-common";
import type { LoweredProgram } from "../onnx/lower.ts";
import type { DType, HostArray, HostData } from "../tensor/dtype.ts";
import { loadingError } from "./device.ts";
import type { EngineOptions, LoadedProgram } from "./engine.ts";
import type { DeviceArray, Value } from "./values.ts";

/** What the engines need of ONNX Runtime; both `onnxruntime-node` and `onnxruntime-web` have it. */
export interface OnnxRuntime {
  readonly InferenceSession: InferenceSessionFactory;
  readonly Tensor: TensorConstructor;
}

/** Copies a tensor from the device to host memory; how that is done differs between Node and a page. */
export type ReadTensor = (tensor: Tensor) => Promise<HostArray>;

/** Only what stops the process is logged: every other problem already comes as an error. */
const FATAL_ONLY = 4;

/** Session options that mean the same in Node and in a page. */
export function commonOptions(options: EngineOptions): InferenceSession.SessionOptions {
  return {
    graphOptimizationLevel: options.optimization === "quick" ? "basic" : "all",
    logSeverityLevel: FATAL_ONLY,
    enableMemPattern: options.sizes !== "varied",
  };
}

/** Loads a program into a session of ONNX Runtime. */
export async function loadProgram(
  runtime: OnnxRuntime,
  program: LoweredProgram,
  options: EngineOptions,
  sessionOptions: InferenceSession.SessionOptions,
  read: ReadTensor,
): Promise<LoadedProgram> {
  // Only WebGPU's buffers can be handed from one session to another; for CUDA the engine copies results to host memory by itself.
  const kept = options.device === "webgpu" ? (options.keep ?? []) : [];
  const preferredOutputLocation = Object.fromEntries(
    program.outputs.map(({ name }) => [name, kept.includes(name) ? ("gpu-buffer" as const) : ("cpu" as const)]),
  );
  let session: InferenceSession;
  try {
    const places = kept.length > 0 ? { preferredOutputLocation } : {};
    session = await runtime.InferenceSession.create(program.model, { ...sessionOptions, ...places });
  } catch (error) {
    throw loadingError(options.device, error);
  }
  const toOrt = (value: Value) => {
    if (value instanceof TensorOnDevice) return value.tensor;
    const { dtype, data, shape } = value as HostArray;
    return new runtime.Tensor(dtype as "float32", data as Float32Array, shape);
  };
  return {
    async run(feeds, into = {}) {
      const outputs = Object.fromEntries(
        program.outputs.map(({ name }) => [name, into[name] ? toOrt(into[name]) : null]),
      );
      const results = await session.run(mapValues(feeds, toOrt), outputs);
      return mapValues(results, (result) =>
        result.location === "gpu-buffer" ? new TensorOnDevice(result as Tensor, read) : fromOrt(result),
      );
    },
    release: () => session.release(),
  };
}

/** A result that was left in the GPU's memory. */
class TensorOnDevice implements DeviceArray {
  readonly dtype: DType;
  readonly shape: readonly number[];

  constructor(
    readonly tensor: Tensor,
    private readonly copy: ReadTensor,
  ) {
    this.dtype = tensor.type as DType;
    this.shape = tensor.dims;
  }

  read(): Promise<HostArray> {
    return this.copy(this.tensor);
  }

  release(): void {
    this.tensor.dispose();
  }
}

/** A result of ONNX Runtime as the language's array. */
export function fromOrt(tensor: OnnxValue): HostArray {
  const data = tensor.data as HostData;
  // Where the platform has Float16Array, that is what comes back; the language keeps raw bits.
  const bits = tensor.type === "float16" && !(data instanceof Uint16Array);
  return {
    dtype: tensor.type as HostArray["dtype"],
    shape: tensor.dims,
    data: bits ? new Uint16Array((data as HostData).buffer, (data as HostData).byteOffset, tensor.size) : data,
  };
}

function mapValues<A, B>(values: Readonly<Record<string, A>>, change: (value: A) => B): Record<string, B> {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [key, change(value)]));
}
