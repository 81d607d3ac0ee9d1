import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openCheckpoint } from "../../src/checkpoint/index.ts";
import {
  dequantize,
  int4Numbers,
  int4Scales,
  int8Numbers,
  int8Scales,
  type QuantizedFormat,
} from "../../src/checkpoint/quantized-numbers.ts";
import { parseSafetensors, serializeSafetensors } from "../../src/checkpoint/safetensors.ts";
import type { StoredTensor } from "../../src/checkpoint/tensor-data.ts";
import { UserError } from "../../src/errors.ts";
import type { LoweredProgram, ParameterSource } from "../../src/onnx/lower.ts";
import { checkpointWeights, memoryWeights } from "../../src/pipeline/weights.ts";
import { Random } from "../../src/random.ts";
import type { EngineOptions } from "../../src/runtime/engine.ts";
import { nodeEngine } from "../../src/runtime/node.ts";
import { Program } from "../../src/runtime/program.ts";
import * as t from "../../src/tensor/index.ts";

const OUT = 24;
const INNER = 96;
const ROWS = 5;
const SHAPE = [OUT, INNER] as const;
const FORMATS = ["int8", "int4"] as const;

const random = new Random(1);
const weights = random.normals(OUT * INNER);
// One row a thousand times the others, as massive activations are, and one of zeros.
const x = random.normals(ROWS * INNER).map((value, i) => value * [1, 1000, 1, 0, 0.01][Math.floor(i / INNER)]);

const bytesOf = (array: ArrayBufferView) => new Uint8Array(array.buffer, array.byteOffset, array.byteLength);

function parts(format: QuantizedFormat): { numbers: Uint8Array; scales: Uint8Array } {
  if (format === "int8") {
    const scales = int8Scales(weights, SHAPE);
    return { numbers: bytesOf(int8Numbers(weights, scales, SHAPE)), scales: bytesOf(scales) };
  }
  const scales = int4Scales(weights, SHAPE);
  return { numbers: int4Numbers(weights, scales, SHAPE), scales };
}

const tensors: StoredTensor[] = FORMATS.flatMap((format) => {
  const { numbers, scales } = parts(format);
  const isInt8 = format === "int8";
  return [
    { name: format, dtype: isInt8 ? "I8" : "U8", shape: isInt8 ? [INNER, OUT] : [OUT, INNER / 2], bytes: numbers },
    {
      name: `${format}_scale`,
      dtype: isInt8 ? "F32" : "F16",
      shape: isInt8 ? [OUT] : [OUT, INNER / 32],
      bytes: scales,
    },
  ] satisfies StoredTensor[];
});
const file = serializeSafetensors(tensors);

/** x wide^T in double precision. */
function plain(wide: Float32Array): Float64Array {
  const result = new Float64Array(ROWS * OUT);
  for (let row = 0; row < ROWS; row++) {
    for (let out = 0; out < OUT; out++) {
      for (let i = 0; i < INNER; i++) result[row * OUT + out] += x[row * INNER + i] * wide[out * INNER + i];
    }
  }
  return result;
}

/** Distance over length, for each row by itself. */
function rowErrors(found: ArrayLike<number>, expected: Float64Array): number[] {
  return Array.from({ length: ROWS }, (_, row) => {
    let [distance, length] = [0, 0];
    for (let i = row * OUT; i < (row + 1) * OUT; i++) {
      distance += (found[i] - expected[i]) ** 2;
      length += expected[i] ** 2;
    }
    return length === 0 ? Math.sqrt(distance) : Math.sqrt(distance / length);
  });
}

const input = t.input("x", "float32", ["rows", INNER]);
const feeds = { x: t.hostArray("float32", [ROWS, INNER], x) };

async function run(
  outputs: Record<string, t.Tensor>,
  parameters: (name: string) => ParameterSource,
  options: Partial<EngineOptions> = {},
  given = feeds,
): Promise<Record<string, Float32Array>> {
  const lowering = { fused: true, parameters };
  const program = await Program.compile(nodeEngine, outputs, lowering, { device: "cpu", threads: 1, ...options });
  const results = await program.run(given);
  await program.release();
  return Object.fromEntries(Object.entries(results).map(([name, { data }]) => [name, data as Float32Array]));
}

describe.each(FORMATS)("a weight in %s", (format) => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "unipic-quantized-"));
    await writeFile(join(folder, "model.safetensors"), file);
  });
  afterAll(() => rm(folder, { recursive: true }));

  const { numbers, scales } = parts(format);
  const wide = dequantize(format, numbers, scales, SHAPE);
  const held = memoryWeights(parseSafetensors(file).tensors).source as (name: string) => ParameterSource;
  const weight = t.parameter(format, SHAPE, { kind: "zeros" });
  const product = t.linear(input, weight);

  test("multiplies rows from its file and from memory, to the same bits", async () => {
    const reader = await openCheckpoint(folder);
    await reader.close();
    const source = checkpointWeights(reader).source as (name: string) => ParameterSource;
    const read = await run({ y: product }, source, { weightsFolder: folder });
    expect((await run({ y: product }, held)).y).toEqual(read.y);
    // Rows are written in 8 bits, so about 1 % of each is lost, whatever its neighbours' size.
    for (const error of rowErrors(read.y, plain(wide))) expect(error).toBeLessThan(0.02);
  });

  test("multiplies on a GPU, where there is one", async (context) => {
    const expected = plain(wide);
    const y = await run({ y: product }, held, { device: "webgpu" }).then(
      (found) => found.y,
      (error: unknown) => {
        if (error instanceof UserError) context.skip(error.message);
        throw error;
      },
    );
    for (const error of rowErrors(y, expected)) expect(error).toBeLessThan(0.02);
  });

  test("multiplies no rows at all", async () => {
    const none = { x: t.hostArray("float32", [0, INNER], []) };
    expect((await run({ y: product }, held, {}, none)).y.length).toBe(0);
  });

  test("is the plain weight wherever it is not multiplied", async () => {
    const { same, flipped, y } = await run(
      { same: weight, flipped: t.matmul(input, t.transpose(weight, [1, 0])), y: t.multiply(weight, 1) },
      held,
    );
    expect(same).toEqual(wide);
    expect(y).toEqual(wide);
    for (const error of rowErrors(flipped, plain(wide))) expect(error).toBeLessThan(1e-5);
  });
});

test("int8 is left to kernels only where the engine has fast ones", async () => {
  const loaded: LoweredProgram[] = [];
  const load = async (program: LoweredProgram) => {
    loaded.push(program);
    return { run: async () => ({}), release: async () => {} };
  };
  const parameters = memoryWeights(parseSafetensors(file).tensors).source as (name: string) => ParameterSource;
  const y = t.linear(input, t.parameter("int8", SHAPE, { kind: "zeros" }));
  for (const hasFastInt8 of [true, undefined]) {
    for (const device of ["cpu", "webgpu"] as const) {
      await Program.compile({ load, hasFastInt8 }, { y }, { fused: true, parameters }, { device });
    }
  }
  expect(loaded.map(({ int8Products }) => int8Products)).toEqual([true, false, false, false]);
  expect(nodeEngine.hasFastInt8).toBe(true);
});
