import * as ort from "onnxruntime-node";
import { describe, expect, test } from "vitest";
import { UserError } from "../../src/errors.ts";
import { nodeEngine } from "../../src/runtime/node.ts";
import { Program } from "../../src/runtime/program.ts";
import { fromOrt } from "../../src/runtime/session.ts";
import { isOnDevice, releaseValues, toHost } from "../../src/runtime/values.ts";
import { webEngine } from "../../src/runtime/web.ts";
import * as t from "../../src/tensor/index.ts";

const x = t.input("x", "float32", [3, 1]);
const weight = t.parameter("weight", [2, 3], { kind: "zeros" });
const outputs = { y: t.matmul(weight, x) };
const lowering = { fused: true, parameters: () => ({ data: Float32Array.of(1, 2, 3, 4, 5, 6), shape: [2, 3] }) };

async function check(program: Program): Promise<void> {
  const { y } = await program.run({ x: t.hostArray("float32", [3, 1], [1, 10, 100]) });
  expect(y).toEqual(t.hostArray("float32", [2, 1], [321, 654]));
  await program.release();
}

describe("the web engine", () => {
  /** ONNX Runtime as a page has it, but computing with Node's; keeps the options it was given. */
  function page() {
    const seen: ort.InferenceSession.SessionOptions[] = [];
    const create = (model: Uint8Array, options: ort.InferenceSession.SessionOptions) => {
      seen.push(options);
      return ort.InferenceSession.create(model, { ...options, executionProviders: ["cpu"], externalData: undefined });
    };
    const env = { wasm: {} as ort.Env.WebAssemblyFlags };
    return { seen, env, InferenceSession: { create } as ort.InferenceSessionFactory, Tensor: ort.Tensor };
  }
  test("gives what the node engine gives", async () => {
    await check(await Program.compile(nodeEngine, outputs, lowering, { device: "cpu" }));
    await check(await Program.compile(webEngine(page()), outputs, lowering, { device: "cpu" }));
  });

  test("runs the same programs, on WebAssembly where the device is cpu", async () => {
    const runtime = page();
    await check(await Program.compile(webEngine(runtime), outputs, lowering, { device: "cpu", threads: 3 }));
    await check(await Program.compile(webEngine(runtime), outputs, lowering, { device: "webgpu" }));
    expect(runtime.seen.map(({ executionProviders }) => executionProviders)).toEqual([["wasm"], ["webgpu"]]);
    expect(runtime.env.wasm.numThreads).toBe(3);
  });

  test("hands external weights over as bytes", async () => {
    const runtime = page();
    const given = [{ path: "model.safetensors", data: new Uint8Array(24) }];
    await check(await Program.compile(webEngine(runtime), outputs, lowering, { device: "cpu", weights: given }));
    expect(runtime.seen[0].externalData).toBe(given);
  });

  test("says what a page does not have", async () => {
    const engine = webEngine(page());
    const empty = { model: new Uint8Array(), inputs: [], outputs: [] };
    await expect(engine.load(empty, { device: "cuda" })).rejects.toThrow(UserError);
    await expect(engine.load(empty, { device: "cpu", weightsFolder: "weights" })).rejects.toThrow("no folders");
  });

  test("says that there is no adapter", async () => {
    const runtime = page();
    const create = () => Promise.reject(new Error("Failed to get GPU adapter."));
    const engine = webEngine({ ...runtime, InferenceSession: { create } as unknown as ort.InferenceSessionFactory });
    const empty = { model: new Uint8Array(), inputs: [], outputs: [] };
    await expect(engine.load(empty, { device: "webgpu" })).rejects.toThrow('No GPU was found for the device "webgpu"');
    await expect(engine.load(empty, { device: "cpu" })).rejects.toThrow("Failed to get GPU adapter.");
  });

  test("keeps on the GPU what a program keeps, and asks the tensor itself for its numbers", async () => {
    const asked: unknown[] = [];
    const tensor = {
      ...{
        type: "float32",
        dims: [2, 1],
        size: 2,
        location: "gpu-buffer",
        data: undefined as Float32Array | undefined,
      },
      async getData() {
        tensor.data = Float32Array.of(321, 654);
      },
      dispose: () => asked.push("disposed"),
    };
    const session = {
      run: (feeds: Record<string, unknown>) => {
        asked.push(feeds.x);
        return Promise.resolve({ y: tensor });
      },
      release: () => Promise.resolve(),
    };
    const create = (_: Uint8Array, { preferredOutputLocation }: ort.InferenceSession.SessionOptions) => {
      asked.push(preferredOutputLocation);
      return Promise.resolve(session);
    };
    const engine = webEngine({ ...page(), InferenceSession: { create } as unknown as ort.InferenceSessionFactory });
    const program = await Program.compile(engine, outputs, lowering, { device: "webgpu", keep: ["y"] });
    const { y } = await program.runOnDevice({ x: t.hostArray("float32", [3, 1], [1, 10, 100]) });
    expect(isOnDevice(y)).toBe(true);
    expect(await toHost(y)).toEqual(t.hostArray("float32", [2, 1], [321, 654]));
    releaseValues([y]);
    expect(asked).toEqual([{ y: "gpu-buffer" }, expect.any(ort.Tensor), "disposed"]);
    await program.release();
  });

  test("gives float16 results as raw bits, also where the platform has its own type for them", () => {
    class Float16Array extends Uint8Array {}
    const memory = new Uint8Array(8);
    const data = new Float16Array(memory.buffer, 2, 4);
    memory.set([0x00, 0x3c, 0x00, 0xc0], 2);
    const result = fromOrt({ type: "float16", dims: [2], size: 2, data } as unknown as ort.OnnxValue);
    expect(result).toEqual({ dtype: "float16", shape: [2], data: Uint16Array.of(0x3c00, 0xc000) });
  });
});
