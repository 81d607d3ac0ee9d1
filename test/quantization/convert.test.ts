import { describe, expect, test } from "vitest";
import type { StoredDType, StoredTensor } from "../../src/checkpoint/index.ts";
import { dequantize } from "../../src/checkpoint/quantized-numbers.ts";
import { toBfloat16Bytes, toFloat16Bytes, toFloat32 } from "../../src/checkpoint/tensor-data.ts";
import { convertedTensors } from "../../src/quantization/convert.ts";
import type { PlannedWeight } from "../../src/quantization/plan.ts";
import { Random } from "../../src/random.ts";

const SHAPE = [4, 64];
const bytesOf = (values: Float32Array) => new Uint8Array(values.buffer);
const values = new Random(1).normals(4 * 64);
const STORED = { F32: bytesOf(values), F16: toFloat16Bytes(values), BF16: toBfloat16Bytes(values) };
type Float = keyof typeof STORED;

function convert(bytes: Uint8Array, from: StoredDType, to: PlannedWeight["to"], seen: string[] = []): StoredTensor[] {
  const reader = { readSync: (name: string): StoredTensor => ({ name, dtype: from, shape: SHAPE, bytes }) };
  const weight: PlannedWeight = { name: "w", shape: SHAPE, from, to, before: 0, after: 0 };
  return convertedTensors(reader, [weight], ({ name }) => seen.push(name));
}

describe("converted tensors", () => {
  test.each([
    ["F32", "F16"],
    ["F32", "BF16"],
    ["BF16", "F32"],
    ["F16", "BF16"],
    ["F32", "F32"],
  ] as [Float, Float][])("from %s to %s", (from, to) => {
    const [{ dtype, shape, bytes }] = convert(STORED[from], from, to);
    expect({ dtype, shape }).toEqual({ dtype: to, shape: SHAPE });
    const wide = toFloat32({ dtype: from, shape: SHAPE, bytes: STORED[from] });
    const expected = { F32: bytesOf(wide), F16: toFloat16Bytes(wide), BF16: toBfloat16Bytes(wide) }[to];
    expect(bytes).toEqual(expected);
  });

  test.each(["int8", "int4"] as const)("%s: the same whichever tensor is asked for first", (format) => {
    const first = convert(STORED.F32, "F32", format).map(({ bytes }) => bytes);
    const second = convert(STORED.F32, "F32", format)
      .reverse()
      .map(({ bytes }) => bytes)
      .reverse();
    expect(second).toEqual(first);
    const back = dequantize(format, first[0], first[1], [4, 64]);
    const distance = Math.hypot(...back.map((value, i) => value - values[i])) / Math.hypot(...values);
    expect(distance).toBeLessThan({ int8: 0.01, int4: 0.1 }[format]);
  });

  test("are read when they are asked for, and no earlier", () => {
    const seen: string[] = [];
    const [numbers, scales] = convert(STORED.F32, "F32", "int8", seen);
    expect([numbers.name, scales.name]).toEqual(["w", "w_scale"]);
    expect(seen).toEqual([]);
    numbers.bytes;
    expect(seen).toEqual(["w"]);
    scales.bytes;
    expect(seen).toEqual(["w"]);
  });

  test("are refused where a number does not fit or is none", () => {
    const far = values.slice().fill(70_000, 5, 6);
    expect(() => convert(bytesOf(far), "F32", "F16")[0].bytes).toThrow(
      'The weight "w" holds 70000, more than fp16\'s 65504; choose bf16 for its part.',
    );
    const odd = values.slice().fill(Number.NaN, 9, 10);
    for (const format of ["int8", "int4"] as const) {
      expect(() => convert(bytesOf(odd), "F32", format)[0].bytes).toThrow('The weight "w" holds NaN');
    }
  });
});
