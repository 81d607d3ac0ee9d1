/** ONNX Runtime's own profiler: which kernels a program's runs used, where they ran and how long they took. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as ort from "onnxruntime-node";
import type { LoweredProgram } from "../src/onnx/lower.ts";
import type { Engine } from "../src/runtime/engine.ts";
import { commonOptions, loadProgram } from "../src/runtime/session.ts";

/** The kernels of one type, in one run of a program on average. */
export interface KernelUse {
  kernel: string;
  /** What ran it: `CPU`, `WebGpu`. */
  place: string;
  calls: number;
  milliseconds: number;
}

interface ProfileEvent {
  cat: string;
  name: string;
  /** Microseconds. */
  dur: number;
  args?: { op_name?: string; provider?: string };
}

/**
 * An engine in Node that times every kernel. When a program is released, `onProfile` is told what its kernels took, the dearest first. On
 * a GPU the time is the processor's, until the kernel is on its way. Nothing stays on the device between runs.
 */
export function profilingEngine(onProfile: (program: LoweredProgram, kernels: KernelUse[]) => void): Engine {
  return {
    async load(program, options) {
      const folder = mkdtempSync(join(tmpdir(), "unipic-profile-"));
      const weights = options.weightsFolder
        ? { model_external_initializers_file_folder_path: options.weightsFolder }
        : {};
      const settings = {
        ...commonOptions(options),
        executionProviders: [options.device],
        ...(options.threads === undefined ? {} : { intraOpNumThreads: options.threads }),
        enableProfiling: true,
        profileFilePrefix: join(folder, "profile"),
        extra: { session: weights },
      };
      let session: ort.InferenceSession | undefined;
      const create = async (model: Uint8Array, given: ort.InferenceSession.SessionOptions) => {
        session = await ort.InferenceSession.create(model, given);
        return session;
      };
      const runtime = { Tensor: ort.Tensor, InferenceSession: { create } as ort.InferenceSessionFactory };
      const kept = () => Promise.reject(new Error("Nothing stays on the device here."));
      const loaded = await loadProgram(runtime, program, { ...options, keep: [] }, settings, kept);
      return {
        run: (feeds, into) => loaded.run(feeds, into),
        async release() {
          session?.endProfiling();
          const files = readdirSync(folder).map((name) => join(folder, name));
          onProfile(program, kernelsIn(files));
          rmSync(folder, { recursive: true, force: true });
          await loaded.release();
        },
      };
    },
  };
}

function kernelsIn(files: readonly string[]): KernelUse[] {
  const events = files.flatMap((file) => JSON.parse(readFileSync(file, "utf8")) as ProfileEvent[]);
  const runs = Math.max(1, events.filter(({ name }) => name === "model_run").length);
  const uses = new Map<string, KernelUse>();
  for (const { cat, name, dur, args } of events) {
    if (cat !== "Node" || !args?.op_name || !args.provider || !name.endsWith("kernel_time")) continue;
    const place = args.provider.replace("ExecutionProvider", "");
    const key = `${place} ${args.op_name}`;
    const use = uses.get(key) ?? { kernel: args.op_name, place, calls: 0, milliseconds: 0 };
    use.calls += 1 / runs;
    use.milliseconds += dur / 1000 / runs;
    uses.set(key, use);
  }
  return [...uses.values()].sort((a, b) => b.milliseconds - a.milliseconds);
}
