import type { Env } from "onnxruntime-common";
import { UserError } from "../errors.ts";
import type { Engine } from "./engine.ts";
import { commonOptions, fromOrt, loadProgram, type OnnxRuntime } from "./session.ts";

/** What the web half needs of `onnxruntime-web`. */
export interface WebOnnxRuntime extends OnnxRuntime {
  readonly env: Pick<Env, "wasm">;
}

/**
 * ONNX Runtime in a page, given its namespace: `cpu` is its WebAssembly build. Several threads need a page that is cross-origin
 * isolated (COOP and COEP headers), and their number is the page's: the first program loaded decides it.
 *
 * @example
 * import * as ort from "onnxruntime-web/webgpu";
 * const engine = webEngine(ort);
 */
export function webEngine(ort: WebOnnxRuntime): Engine {
  return {
    async load(program, options) {
      if (options.device === "cuda") {
        throw new UserError('A page cannot use the device "cuda"; choose webgpu or cpu.');
      }
      if (options.weightsFolder) throw new Error("A page has no folders: give external weights as bytes in `weights`.");
      if (options.threads !== undefined) ort.env.wasm.numThreads = options.threads;
      const settings = {
        ...commonOptions(options),
        executionProviders: [options.device === "cpu" ? "wasm" : options.device],
        ...(options.weights === undefined ? {} : { externalData: options.weights }),
      };
      return loadProgram(ort, program, options, settings, async (tensor) => {
        // The tensor keeps the copy and counts as lying in host memory from then on.
        await tensor.getData();
        return fromOrt(tensor);
      });
    },
  };
}
