import { spawn } from "node:child_process";
import { lower } from "../onnx/lower.ts";
import { type Device, loadingError } from "../runtime/device.ts";
import { add, input } from "../tensor/index.ts";

/** Loads the model that comes in on stdin, on the device named in the arguments; ends in 0 if that works. */
const PROBE = `
const [engine, device] = process.argv.slice(1);
const parts = [];
for await (const part of process.stdin) parts.push(part);
const { InferenceSession } = (await import(engine)).default;
await InferenceSession.create(Buffer.concat(parts), { executionProviders: [device], logSeverityLevel: 4 });
process.exit(0);
`;

/**
 * Makes sure that a GPU can be used, in a process of its own: where there is none, the graphics libraries write warnings of their own to
 * the terminal, beside the one sentence that says it.
 *
 * @throws UserError when the device is not there
 */
export async function requireDevice(device: Device): Promise<void> {
  if (await worksOn(device)) return;
  throw loadingError(device, new Error(`The backend of ${device} could not be loaded.`));
}

/** Whether the smallest program can be loaded on a device. */
export function worksOn(device: Device): Promise<boolean> {
  const parameters = (name: string) => {
    throw new Error(`The probe has no weights, but ${name} was asked for.`);
  };
  const { model } = lower({ y: add(input("x", "float32", [1]), 1) }, { fused: true, parameters });
  const args = ["--input-type=module", "--eval", PROBE, import.meta.resolve("onnxruntime-node"), device];
  return new Promise((resolve) => {
    const probe = spawn(process.execPath, args, { stdio: ["pipe", "ignore", "ignore"] });
    probe.on("error", () => resolve(false));
    probe.on("exit", (code) => resolve(code === 0));
    // A probe that ends before it has read everything has failed, and its exit says so.
    probe.stdin.on("error", () => {});
    probe.stdin.end(model);
  });
}
