import type { LoweredProgram } from "../onnx/lower.ts";
import type { HostArray } from "../tensor/dtype.ts";
import type { Device } from "./device.ts";
import type { Value } from "./values.ts";

export { DEVICES, type Device, parseDevice } from "./device.ts";

export interface EngineOptions {
  device: Device;
  /** Threads of one run on the CPU; the engine's own choice (all cores) when left out. */
  threads?: number;
  /** Folder that external weights are read from; in Node only. */
  weightsFolder?: string;
  /** External weights by the file name they are known under; in a page only. */
  weights?: readonly { path: string; data: Uint8Array }[];
  /** `quick` spends less time on loading; `full` lets the engine fuse and rearrange all it can. */
  optimization?: "quick" | "full";
  /**
   * Whether runs are mostly of one size, so that their memory is laid out in advance, or `varied`: then it is taken as it is needed. Measured
   * for the autoencoder's decoder at 512 px: laid out, a second run takes 1.4 GB instead of 1.0 and a quarter longer, and every new size
   * keeps a plan of its own.
   */
  sizes?: "same" | "varied";
  /** Results, by name, that stay in the device's memory where it has one that programs share (WebGPU). Default: none. */
  keep?: readonly string[];
}

/** A loaded program, as an engine gives it. */
export interface LoadedProgram {
  /** Runs once. Results named in `into` are written to the memory given there. */
  run(
    feeds: Readonly<Record<string, Value>>,
    into?: Readonly<Record<string, HostArray>>,
  ): Promise<Record<string, Value>>;
  release(): Promise<void>;
}

/** Something that can run ONNX models: ONNX Runtime in Node or in a page. */
export interface Engine {
  /** Whether products of int8 numbers are faster than those of fp32 on the processor. */
  readonly hasFastInt8?: boolean;
  load(program: LoweredProgram, options: EngineOptions): Promise<LoadedProgram>;
}
