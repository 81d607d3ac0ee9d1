import type { HostArray } from "../tensor/dtype.ts";
import { detach, input } from "../tensor/index.ts";
import type { Engine, EngineOptions } from "./engine.ts";
import { Program } from "./program.ts";
import { releaseValues, type Value } from "./values.ts";

/** Copies in the device's memory. */
export interface Uploaded {
  readonly values: Readonly<Record<string, Value>>;
  release(): Promise<void>;
}

/**
 * Copies arrays to the device's memory where programs share it (WebGPU), by a program that gives out what it takes in; on other devices
 * the values are the arrays themselves. The program stays loaded as long as the copies do: in onnxruntime-node 1.30 the process may end
 * when one of its results is read after it has gone.
 */
export async function upload(
  engine: Engine,
  options: EngineOptions,
  arrays: Readonly<Record<string, HostArray>>,
): Promise<Uploaded> {
  const names = Object.keys(arrays);
  if (options.device !== "webgpu" || names.length === 0) return { values: arrays, release: async () => {} };
  // An input and an output may not share a name.
  const given = (name: string) => `from|${name}`;
  const outputs = Object.fromEntries(
    names.map((name) => [name, detach(input(given(name), arrays[name].dtype, arrays[name].shape))]),
  );
  const lowering = { fused: true, parameters: () => undefined };
  const program = await Program.compile(engine, outputs, lowering, { ...options, keep: names });
  const values = await program.runOnDevice(Object.fromEntries(names.map((name) => [given(name), arrays[name]])));
  return {
    values,
    async release() {
      releaseValues(values);
      await program.release();
    },
  };
}
