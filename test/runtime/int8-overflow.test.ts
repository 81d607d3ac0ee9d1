import * as ort from "onnxruntime-node";
import { expect, test } from "vitest";
import type { LoadedProgram } from "../../src/runtime/engine.ts";
import { int8Overflows } from "../../src/runtime/int8-overflow.ts";
import { commonOptions, loadProgram } from "../../src/runtime/session.ts";

const SIZE = 64;
const device = { device: "cpu", threads: 1 } as const;

/** An engine whose products, pairs of which it adds in so many bits, are those of a processor. */
const kernel = (limit: number) => async (): Promise<LoadedProgram> => ({
  run: async () => {
    // A row of ones is 255 in eight bits with a zero point of 128, and a weight 127.
    const pair = Math.min(2 * 255 * 127, limit);
    const sum = (SIZE / 2) * pair - SIZE * 128 * 127;
    const data = new Float32Array(SIZE * SIZE).fill(sum / 127 / 127);
    return { y: { dtype: "float32", shape: [SIZE, SIZE], data } };
  },
  release: async () => {},
});

test("tells kernels that cut pairs of products off from those that do not", async () => {
  expect(await int8Overflows(kernel(2 ** 31 - 1))).toBe(false);
  expect(await int8Overflows(kernel(2 ** 15 - 1))).toBe(true);
});

/** Results of the processor lie in host memory. */
const never = () => Promise.reject(new Error("There is nothing on a device."));

test("never finds it where the engine was told to avoid it", async () => {
  const options = { ...commonOptions(device), extra: { session: { x64quantprecision: "1" } } };
  expect(await int8Overflows((program) => loadProgram(ort, program, device, options, never))).toBe(false);
});
