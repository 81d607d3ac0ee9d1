import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as ort from "onnxruntime-node";
import type { Engine } from "../src/runtime/engine.ts";
import { commonOptions, loadProgram } from "../src/runtime/session.ts";

/** What the kernels of one type took in all runs of a program. */
export interface KernelTime {
  kernel: string;
  calls: number;
  milliseconds: number;
}

interface ProfileEvent {
  cat: string;
  name: string;
  /** Microseconds. */
  dur: number;
  args?: { op_name?: string };
}

/**
 * The CPU's engine with ONNX Runtime's own profiler on. When a program is released, `onProfile` is told what its kernels took, the dearest
 * first.
 */
export function profilingEngine(onProfile: (kernels: KernelTime[]) => void): Engine {
  return {
    async load(program, options) {
      const folder = mkdtempSync(join(tmpdir(), "unipic-profile-"));
      const session = options.weightsFolder
        ? { model_external_initializers_file_folder_path: options.weightsFolder }
        : {};
      const loaded = await loadProgram(
        ort,
        program,
        options,
        {
          ...commonOptions(options),
          executionProviders: ["cpu"],
          ...(options.threads === undefined ? {} : { intraOpNumThreads: options.threads }),
          enableProfiling: true,
          profileFilePrefix: join(folder, "profile"),
          extra: { session },
        },
        () => Promise.reject(new Error("Nothing stays on a device here.")),
      );
      return {
        run: (feeds, into) => loaded.run(feeds, into),
        // The file is complete when the session has gone.
        async release() {
          await loaded.release();
          onProfile(kernelTimes(readdirSync(folder).map((name) => join(folder, name))));
          rmSync(folder, { recursive: true, force: true });
        },
      };
    },
  };
}

function kernelTimes(files: readonly string[]): KernelTime[] {
  const spent = new Map<string, KernelTime>();
  for (const file of files) {
    for (const { cat, name, dur, args } of JSON.parse(readFileSync(file, "utf8")) as ProfileEvent[]) {
      const kernel = args?.op_name;
      if (cat !== "Node" || kernel === undefined || !name.endsWith("_kernel_time")) continue;
      const so = spent.get(kernel) ?? { kernel, calls: 0, milliseconds: 0 };
      so.calls++;
      so.milliseconds += dur / 1000;
      spent.set(kernel, so);
    }
  }
  return [...spent.values()].sort((a, b) => b.milliseconds - a.milliseconds);
}
