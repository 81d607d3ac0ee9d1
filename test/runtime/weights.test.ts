import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { UserError } from "../../src/errors.ts";
import { lower, type ParameterSource } from "../../src/onnx/lower.ts";
import type { EngineOptions } from "../../src/runtime/engine.ts";
import { nodeEngine } from "../../src/runtime/node.ts";
import { Program } from "../../src/runtime/program.ts";
import * as t from "../../src/tensor/index.ts";

const FILE = "model.safetensors";
const VALUES = [1, -2, 0.5, 3, 0.25, -8];

/** A safetensors file made by hand: its header is padded so that no weight lies at a multiple of its size. */
function handmade(): { file: Uint8Array; sources: Record<string, ParameterSource> } {
  const view = (array: ArrayBufferView) => new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
  const float32 = view(Float32Array.from(VALUES));
  // bfloat16 is the upper half of a float32; these values need no more.
  const bfloat16 = view(Uint16Array.from(new Uint32Array(Float32Array.from(VALUES).buffer), (bits) => bits >>> 16));
  const float16 = view(Uint16Array.of(0x3c00, 0xc000, 0x3800, 0x4200, 0x3400, 0xc800));
  const parts = [
    { name: "whole", stored: "F32", dtype: "float32", bytes: float32 },
    { name: "brain", stored: "BF16", dtype: "bfloat16", bytes: bfloat16 },
    { name: "half", stored: "F16", dtype: "float16", bytes: float16 },
  ] as const;
  let end = 0;
  const entries = parts.map(({ name, stored, bytes }) => {
    const start = end;
    end += bytes.length;
    return [name, { dtype: stored, shape: [2, 3], data_offsets: [start, end] }];
  });
  let header = JSON.stringify(Object.fromEntries(entries));
  while ((8 + header.length) % 2 === 0) header += " ";
  const file = new Uint8Array(8 + header.length + end);
  new DataView(file.buffer).setBigUint64(0, BigInt(header.length), true);
  file.set(new TextEncoder().encode(header), 8);
  let offset = 8 + header.length;
  const sources: Record<string, ParameterSource> = {};
  for (const { name, dtype, bytes } of parts) {
    file.set(bytes, offset);
    expect(offset % 2).toBe(1);
    sources[name] = { dtype, shape: [2, 3], file: FILE, offset, length: bytes.length };
    offset += bytes.length;
  }
  return { file, sources };
}

const { file, sources } = handmade();
const names = ["whole", "brain", "half"];
const weights = names.map((name) => t.parameter(name, [2, 3], { kind: "zeros" }));
const x = t.input("x", "float32", [3, 1]);
const outputs = Object.fromEntries(
  names.flatMap((name, i) => [
    [`${name} times x`, t.matmul(weights[i], x)],
    [`${name} itself`, t.add(weights[i], 0)],
    [`rows of ${name}`, t.gatherRows(weights[i], t.constant("int64", [3], [1, 0, 1]))],
  ]),
);
const feeds = { x: t.hostArray("float32", [3, 1], [1, 10, 100]) };
const product = [1 - 20 + 50, 3 + 2.5 - 800];

async function check(program: Program, given: Record<string, t.HostArray> = feeds): Promise<void> {
  const results = await program.run(given);
  for (const name of names) {
    expect(Array.from(results[`${name} itself`].data, Number)).toEqual(VALUES);
    expect(Array.from(results[`${name} times x`].data, Number)).toEqual(product);
    const rows = [...VALUES.slice(3), ...VALUES];
    expect(Array.from(results[`rows of ${name}`].data, Number)).toEqual(rows);
  }
  await program.release();
}

describe("weights of a program", () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "unipic-weights-"));
    await writeFile(join(folder, FILE), file);
  });
  afterAll(() => rm(folder, { recursive: true }));

  const options = (more: Partial<EngineOptions> = {}): EngineOptions => ({ device: "cpu", threads: 1, ...more });

  test.each(["quick", "full"] as const)(
    "come straight from a safetensors file, half precision made float32 (%s)",
    async (optimization) => {
      const lowering = { fused: true, parameters: (name: string) => sources[name] };
      const settings = options({ weightsFolder: folder, optimization });
      await check(await Program.compile(nodeEngine, outputs, lowering, settings));
    },
  );

  test("stay out of the model when they are external", () => {
    const inside = lower(outputs, { fused: true, parameters: (name) => sources[name] });
    expect(Buffer.from(inside.model).includes(Buffer.from(Float32Array.from(VALUES).buffer))).toBe(false);
    expect(inside.inputs.map(({ name }) => name)).toEqual(["x"]);
  });

  test("may be given as memory", async () => {
    const data = Float32Array.from(VALUES);
    const lowering = { fused: true, parameters: () => ({ data, shape: [2, 3] }) };
    await check(await Program.compile(nodeEngine, outputs, lowering, options()));
  });

  test("may be inputs of the program", async () => {
    const program = await Program.compile(nodeEngine, outputs, { fused: true, parameters: () => undefined }, options());
    expect(program.inputs.map(({ name }) => name)).toEqual(["x", ...names]);
    const given = Object.fromEntries(names.map((name) => [name, t.hostArray("float32", [2, 3], VALUES)]));
    await check(program, { ...feeds, ...given });
  });

  test("of another shape than the model's are refused", () => {
    const data = Float32Array.from(VALUES);
    const parameters = () => ({ data, shape: [3, 2] });
    expect(() => lower(outputs, { fused: true, parameters })).toThrow(UserError);
    expect(() => lower(outputs, { fused: true, parameters })).toThrow(
      'The weight "whole" is [3, 2] but the model needs [2, 3].',
    );
  });

  test("that are not there are not taken for a missing device", async () => {
    const lowering = { fused: true, parameters: (name: string) => sources[name] };
    const settings = options({ weightsFolder: join(folder, "nowhere") });
    const error = await Program.compile(nodeEngine, outputs, lowering, settings).catch((reason: unknown) => reason);
    expect(String(error)).toContain(FILE);
  });
});
