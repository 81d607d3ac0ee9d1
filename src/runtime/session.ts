import type { InferenceSession, InferenceSessionFactory, OnnxValue, TensorConstructor } from "onnxruntime-common";
import type { LoweredProgram } from "../onnx/lower.ts";
import type { HostArray, HostData } from "../tensor/dtype.ts";
import { loadingError } from "./device.ts";
import type { EngineOptions, LoadedProgram } from "./engine.ts";

/** What the engines need of ONNX Runtime; both `onnxruntime-node` and `onnxruntime-web` have it. */
export interface OnnxRuntime {
  readonly InferenceSession: InferenceSessionFactory;
  readonly Tensor: TensorConstructor;
}

/** Only what stops the process is logged: every other problem already comes as an error. */
const FATAL_ONLY = 4;

/** Session options that mean the same in Node and in a page. */
export function commonOptions(options: EngineOptions): InferenceSession.SessionOptions {
  return {
    graphOptimizationLevel: options.optimization === "quick" ? "basic" : "all",
    logSeverityLevel: FATAL_ONLY,
  };
}

/** Loads a program into a session of ONNX Runtime. */
export async function loadProgram(
  runtime: OnnxRuntime,
  program: LoweredProgram,
  options: EngineOptions,
  sessionOptions: InferenceSession.SessionOptions,
): Promise<LoadedProgram> {
  let session: InferenceSession;
  try {
    session = await runtime.InferenceSession.create(program.model, sessionOptions);
  } catch (error) {
    throw loadingError(options.device, error);
  }
  const toOrt = ({ dtype, data, shape }: HostArray) =>
    new runtime.Tensor(dtype as "float32", data as Float32Array, shape);
  return {
    async run(feeds, into = {}) {
      const outputs = Object.fromEntries(
        program.outputs.map(({ name }) => [name, into[name] ? toOrt(into[name]) : null]),
      );
      return mapValues(await session.run(mapValues(feeds, toOrt), outputs), fromOrt);
    },
    release: () => session.release(),
  };
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
