import { describe, expect, test } from "vitest";
import { nodeEngine } from "../../src/runtime/node.ts";
import { Program } from "../../src/runtime/program.ts";
import { isOnDevice, releaseValues, toHost } from "../../src/runtime/values.ts";
import * as t from "../../src/tensor/index.ts";
import { hasGpu, onGpu } from "../helpers/gpu.ts";

const isThere = await hasGpu();
const none = () => undefined;
const array = t.hostArray("float32", [2, 2], [1, 2, 3, 4]);

function double(device: "cpu" | "webgpu", keep: string[]): Promise<Program> {
  const x = t.input("x", "float32", ["rows", 2]);
  const outputs = { twice: t.multiply(x, 2), total: t.reduceSum(x) };
  return Program.compile(nodeEngine, outputs, { fused: true, parameters: none }, { device, keep });
}

describe.skipIf(!isThere)(onGpu("results that stay on the device", isThere), () => {
  test("are fed to the same program and to another without a copy, and are read when asked for", async () => {
    const [kept, plain] = [await double("webgpu", ["twice"]), await double("webgpu", [])];
    const first = await kept.runOnDevice({ x: array });
    expect(isOnDevice(first.twice)).toBe(true);
    expect(first.twice).toMatchObject({ dtype: "float32", shape: [2, 2] });
    expect(first.total).toEqual(t.hostArray("float32", [], [10]));
    const second = await kept.runOnDevice({ x: first.twice });
    expect((await plain.run({ x: second.twice })).twice.data).toEqual(Float32Array.of(8, 16, 24, 32));
    for (let i = 0; i < 2; i++) expect((await toHost(first.twice)).data).toEqual(Float32Array.of(2, 4, 6, 8));
    releaseValues(first);
    expect((await toHost(second.twice)).data).toEqual(Float32Array.of(4, 8, 12, 16));
    await expect(kept.runOnDevice({ x: first.twice })).rejects.toThrow();
    // What lies on the device does not go with the program that made it.
    await kept.release();
    expect((await toHost(second.twice)).data).toEqual(Float32Array.of(4, 8, 12, 16));
    releaseValues(second);
    await plain.release();
  });

  test("are read back by run, which gives arrays whatever is kept", async () => {
    const kept = await double("webgpu", ["twice"]);
    expect((await kept.run({ x: array })).twice).toEqual(t.hostArray("float32", [2, 2], [2, 4, 6, 8]));
    await kept.release();
  });
});

test("on the processor nothing is kept apart: results are arrays", async () => {
  const program = await double("cpu", ["twice"]);
  const { twice } = await program.runOnDevice({ x: array });
  expect(isOnDevice(twice)).toBe(false);
  expect(await toHost(twice)).toEqual(t.hostArray("float32", [2, 2], [2, 4, 6, 8]));
  releaseValues([twice]);
  await program.release();
});
