import { lower } from "../onnx/lower.ts";
import { hostArray, input, linear, parameter } from "../tensor/index.ts";
import type { LoadedProgram } from "./engine.ts";
import { toHost } from "./values.ts";

const LENGTH = 64;

/**
 * Whether the processor's int8 kernels overflow. On x64 without VNNI instructions they add pairs of products in 16 bits, which do
 * not hold 255 x 127 twice. ONNX Runtime can avoid that at the cost of time and memory, but not tell where it has to.
 */
export async function int8Overflows(
  load: (program: ReturnType<typeof lower>) => Promise<LoadedProgram>,
): Promise<boolean> {
  // Every number at its largest: what comes out is the length of a row, unless products were cut off.
  const numbers = { dtype: "int8", shape: [LENGTH, LENGTH], data: new Int8Array(LENGTH * LENGTH).fill(127) } as const;
  const scales = { dtype: "float32", shape: [LENGTH], data: new Float32Array(LENGTH).fill(1 / 127) } as const;
  const shape = [LENGTH, LENGTH] as const;
  const weight = parameter("weight", shape, { kind: "ones" });
  const x = input("x", "float32", [LENGTH, LENGTH]);
  const program = lower(
    { y: linear(x, weight) },
    { fused: true, int8Products: true, parameters: () => ({ format: "int8", shape, numbers, scales }) },
  );
  const loaded = await load(program);
  const ones = hostArray("float32", shape, new Float32Array(LENGTH * LENGTH).fill(1));
  const y = await toHost((await loaded.run({ x: ones })).y);
  await loaded.release();
  return (y.data as Float32Array).some((value) => Math.abs(value - LENGTH) > 0.01 * LENGTH);
}
