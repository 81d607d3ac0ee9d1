import * as ort from "onnxruntime-node";
import type { Engine } from "./engine.ts";
import { commonOptions, loadProgram } from "./session.ts";

// The engine's log would repeat on the terminal what its errors already say.
ort.env.logLevel = "fatal";

/** ONNX Runtime in Node. External weights are read from `weightsFolder`, straight from their files. */
export const nodeEngine: Engine = {
  load(program, options) {
    if (options.weights) throw new Error("In Node external weights are read from weightsFolder, not given as bytes.");
    const session: Record<string, string> = {};
    if (options.weightsFolder) session.model_external_initializers_file_folder_path = options.weightsFolder;
    return loadProgram(ort, program, options, {
      ...commonOptions(options),
      executionProviders: [options.device],
      ...(options.threads === undefined ? {} : { intraOpNumThreads: options.threads }),
      extra: { session },
    });
  },
};
