import { join } from "node:path";
import { describe, expect, test } from "vitest";
import {
  openCheckpoint,
  parseQuantization,
  quantizedPair,
  readWeight,
  type StoredDType,
  type StoredTensor,
  weightInfo,
  weightNames,
  writeSafetensors,
} from "../../src/checkpoint/index.ts";
import {
  dequantize,
  INT4_BLOCK,
  int4Numbers,
  int4Scales,
  int8Numbers,
  int8Scales,
} from "../../src/checkpoint/quantized-numbers.ts";
import { toFloat32 } from "../../src/checkpoint/tensor-data.ts";
import { UserError } from "../../src/errors.ts";
import { Random } from "../../src/random.ts";
import { temporaryFolder } from "./temporary-folder.ts";

const SHAPE = [70, 96] as const;
const [OUT, INNER] = SHAPE;
const weights = new Random(1).normals(OUT * INNER);

const bytesOf = (array: ArrayBufferView) => new Uint8Array(array.buffer, array.byteOffset, array.byteLength);

describe("int8", () => {
  const scales = int8Scales(weights, SHAPE);
  const numbers = int8Numbers(weights, scales, SHAPE);

  test("gives every row its own scale, and lies input-major", () => {
    for (let row = 0; row < OUT; row++) {
      const own = weights.subarray(row * INNER, (row + 1) * INNER);
      const largest = Math.max(...own.map(Math.abs));
      expect(scales[row]).toBeCloseTo(largest / 127, 7);
      const column = Array.from({ length: INNER }, (_, i) => numbers[i * OUT + row]);
      expect(column).toEqual(Array.from(Int8Array.from(own, (value) => Math.round(value / scales[row]))));
      expect(Math.max(...column.map(Math.abs))).toBe(127);
    }
  });

  test("comes back within half a step", () => {
    const back = dequantize("int8", bytesOf(numbers), bytesOf(scales), SHAPE);
    back.forEach((value, i) => {
      expect(Math.abs(value - weights[i])).toBeLessThanOrEqual(0.501 * scales[Math.floor(i / INNER)]);
    });
  });

  test("keeps rows of zeros, and numbers too small to divide by", () => {
    const small = Float32Array.of(0, 0, 1.4e-45, -1.4e-45);
    const tiny = int8Scales(small, [2, 2]);
    expect(Array.from(int8Numbers(small, tiny, [2, 2]))).toEqual([0, 0, 0, 0]);
  });
});

describe("int4", () => {
  const scales = int4Scales(weights, SHAPE);
  const numbers = int4Numbers(weights, scales, SHAPE);
  const steps = toFloat32({ dtype: "F16", shape: [OUT, INNER / INT4_BLOCK], bytes: scales });

  test("puts two numbers in a byte, the earlier one in the lower half", () => {
    expect(numbers.length).toBe((OUT * INNER) / 2);
    for (let i = 0; i < weights.length; i++) {
      const step = steps[Math.floor(i / INT4_BLOCK)];
      const expected = Math.max(-8, Math.min(7, Math.round(weights[i] / step))) + 8;
      expect((numbers[i >> 1] >> (4 * (i % 2))) & 15).toBe(expected);
    }
  });

  test("comes back closer than with the plain choice of scale", () => {
    const squares = (back: (i: number) => number) =>
      weights.reduce((sum, value, i) => sum + (value - back(i)) ** 2, 0) / weights.length;
    const back = dequantize("int4", numbers, scales, SHAPE);
    const plain = (i: number) => {
      const start = i - (i % INT4_BLOCK);
      const step = Math.max(...weights.subarray(start, start + INT4_BLOCK).map(Math.abs)) / 7;
      return Math.round(weights[i] / step) * step;
    };
    expect(squares((i) => back[i])).toBeLessThan(0.8 * squares(plain));
  });

  test("keeps blocks of zeros", () => {
    const zeros = new Float32Array(INT4_BLOCK);
    const none = int4Scales(zeros, [1, INT4_BLOCK]);
    expect(dequantize("int4", int4Numbers(zeros, none, [1, INT4_BLOCK]), none, [1, INT4_BLOCK])).toEqual(zeros);
  });
});

const tensor = (name: string, dtype: StoredDType, shape: number[], bytes: Uint8Array): StoredTensor => ({
  name,
  dtype,
  shape,
  bytes,
});

describe("a checkpoint with quantised weights", () => {
  test("shows them as the weights that they are", async () => {
    const folder = await temporaryFolder();
    const scales = int8Scales(weights, SHAPE);
    const blocks = int4Scales(weights, SHAPE);
    await writeSafetensors(join(folder, "model.safetensors"), [
      tensor("plain", "F32", [2], bytesOf(Float32Array.of(1, 2))),
      tensor("byte", "I8", [INNER, OUT], bytesOf(int8Numbers(weights, scales, SHAPE))),
      tensor("byte_scale", "F32", [OUT], bytesOf(scales)),
      tensor("nibble", "U8", [OUT, INNER / 2], int4Numbers(weights, blocks, SHAPE)),
      tensor("nibble_scale", "F16", [OUT, INNER / INT4_BLOCK], blocks),
      tensor("lone_scale", "F32", [1], bytesOf(Float32Array.of(3))),
    ]);
    const reader = await openCheckpoint(folder);
    expect(weightNames(reader).sort()).toEqual(["byte", "lone_scale", "nibble", "plain"]);
    expect(weightInfo(reader, "byte")).toEqual({ shape: [...SHAPE], type: "int8", bytes: OUT * INNER + 4 * OUT });
    const halves = (OUT * INNER) / 2 + (2 * OUT * INNER) / INT4_BLOCK;
    expect(weightInfo(reader, "nibble")).toEqual({ shape: [...SHAPE], type: "int4", bytes: halves });
    expect(weightInfo(reader, "plain")).toEqual({ shape: [2], type: "F32", bytes: 8 });
    const read = await readWeight(reader, "byte");
    expect(read.shape).toEqual(SHAPE);
    const distance = Math.hypot(...read.values.map((value, i) => value - weights[i]));
    expect(distance / Math.hypot(...weights)).toBeLessThan(0.01);
    expect((await readWeight(reader, "plain")).values).toEqual(Float32Array.of(1, 2));
    await reader.close();
  });

  const pair = (numbers: [StoredDType, number[]], scales?: [StoredDType, number[]]) =>
    quantizedPair("w", (name) => {
      const [dtype, shape] = (name === "w" ? numbers : scales) ?? [];
      return dtype && shape ? { dtype, shape } : undefined;
    });

  test("is refused where scales do not fit", () => {
    expect(pair(["I8", [32, 4]], ["F32", [4]])?.shape).toEqual([4, 32]);
    expect(pair(["U8", [4, 32]], ["F16", [4, 2]])?.shape).toEqual([4, 64]);
    // Whole numbers alone are no quantised weight, whatever else they are.
    expect(pair(["I8", [32, 4]])).toBeUndefined();
    const wrong: [[StoredDType, number[]], [StoredDType, number[]]][] = [
      [
        ["I8", [32, 4]],
        ["F32", [32]],
      ],
      [
        ["I8", [32, 4]],
        ["F16", [4]],
      ],
      [
        ["I8", [32]],
        ["F32", [32]],
      ],
      [
        ["I8", [2, 4, 4]],
        ["F32", [4]],
      ],
      [
        ["U8", [4, 32]],
        ["F16", [4, 3]],
      ],
      [
        ["U8", [4, 20]],
        ["F16", [4, 1]],
      ],
    ];
    for (const [numbers, scales] of wrong) {
      expect(() => pair(numbers, scales)).toThrow(UserError);
      expect(() => pair(numbers, scales)).toThrow(/The scales of the weight "w" do not fit it/);
    }
  });

  test("says in its configuration which parts are quantised", () => {
    const read = (quantization: unknown) => parseQuantization({ quantization }, "config.json");
    expect(parseQuantization({}, "config.json")).toBeUndefined();
    expect(read({ version: 1, parts: { llm: "int4" } })?.parts).toEqual({ llm: "int4" });
    expect(() => read({ version: 2, parts: {} })).toThrow("quantization.version is 2, and only version 1 is read here");
    expect(() => read(null)).toThrow(UserError);
    expect(() => read({ version: 1, parts: { llm: "fp3" } })).toThrow('must say "int8" or "int4"');
  });
});
