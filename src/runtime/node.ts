import * as ort from "onnxruntime-node";
import type { Engine } from "./engine.ts";
import { int8Overflows } from "./int8-overflow.ts";
import { commonOptions, loadProgram } from "./session.ts";

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
  overflows ??= int8Overflows((program) => loadProgram(ort, program, options, commonOptions(options)));
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
    return loadProgram(ort, program, options, {
      ...commonOptions(options),
      executionProviders: [options.device],
      ...(options.threads === undefined ? {} : { intraOpNumThreads: options.threads }),
      extra: { session },
    });
  },
};
