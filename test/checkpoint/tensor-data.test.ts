import { describe, expect, it } from "vitest";
import {
  type StoredDType,
  type StoredTensor,
  toBfloat16Bytes,
  toBigInt64,
  toFloat16Bytes,
  toFloat32,
} from "../../src/checkpoint/tensor-data.ts";
import { UserError } from "../../src/errors.ts";

function tensor(dtype: StoredDType, values: ArrayBufferView & { length: number }): StoredTensor {
  const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  return { name: "t", dtype, shape: [values.length], bytes };
}

function unaligned(from: StoredTensor): StoredTensor {
  const room = new Uint8Array(from.bytes.byteLength + 1);
  room.set(from.bytes, 1);
  return { ...from, bytes: room.subarray(1) };
}

const half = (values: number[]) => [...new Uint16Array(toFloat16Bytes(Float32Array.from(values)).buffer)];
const brain = (values: number[]) => [...new Uint16Array(toBfloat16Bytes(Float32Array.from(values)).buffer)];

describe("toFloat32", () => {
  it.each<[StoredDType, ArrayBufferView & { length: number }, number[]]>([
    ["F64", Float64Array.of(1.5, -0.1), [1.5, Math.fround(-0.1)]],
    ["F32", Float32Array.of(1.5, -3), [1.5, -3]],
    ["F16", Uint16Array.of(0x3c00, 0xc000, 0x0001, 0x7bff, 0x03ff), [1, -2, 2 ** -24, 65504, 1023 * 2 ** -24]],
    ["BF16", Uint16Array.of(0x3f80, 0xc040), [1, -3]],
    ["I64", BigInt64Array.of(-5n, 1n << 40n), [-5, 2 ** 40]],
    ["I32", Int32Array.of(-7), [-7]],
    ["I16", Int16Array.of(-300), [-300]],
    ["I8", Int8Array.of(-8), [-8]],
    ["U8", Uint8Array.of(200), [200]],
    ["BOOL", Uint8Array.of(0, 1, 1), [0, 1, 1]],
  ])("reads %s, aligned or not", (dtype, values, expected) => {
    const stored = tensor(dtype, values);
    expect([...toFloat32(stored)]).toEqual(expected);
    expect([...toFloat32(unaligned(stored))]).toEqual(expected);
  });

  it("keeps infinities, signed zero and NaN of half precision", () => {
    const values = toFloat32(tensor("F16", Uint16Array.of(0x7c00, 0xfc00, 0x8000, 0x7e00)));
    expect([...values]).toEqual([Infinity, -Infinity, -0, NaN]);
  });

  it("refuses bytes that do not fit the shape", () => {
    const stored = { ...tensor("F32", Float32Array.of(1, 2)), shape: [3] };
    expect(() => toFloat32(stored)).toThrow(UserError);
    expect(() => toFloat32(stored)).toThrow(/"t" of shape \[3\].* needs 12 bytes but has 8/);
  });
});

describe("toFloat16Bytes", () => {
  it("turns every half-precision number back into itself", () => {
    const all = Uint16Array.from({ length: 0x10000 }, (_, i) => i).filter((bits) => (bits & 0x7fff) <= 0x7c00);
    const there = toFloat32(tensor("F16", all));
    expect(new Uint16Array(toFloat16Bytes(there).buffer)).toEqual(all);
  });

  it("rounds to nearest even", () => {
    const step = 2 ** -10; // between 1 and 2
    expect(half([1 + step / 2, 1 + 1.5 * step, 1 + 0.51 * step])).toEqual([0x3c00, 0x3c02, 0x3c01]);
    expect(half([2 ** -25, 1.01 * 2 ** -25, 1.5 * 2 ** -24, 2 ** -26])).toEqual([0x0000, 0x0001, 0x0002, 0x0000]);
    expect(half([65519, 65520, -1e9, Number.NaN])).toEqual([0x7bff, 0x7c00, 0xfc00, 0x7e00]);
  });
});

describe("toBfloat16Bytes", () => {
  it("rounds to nearest even", () => {
    const step = 2 ** -7; // between 1 and 2
    expect(brain([1, 1 + step / 2, 1 + 1.5 * step, 1 + 0.51 * step, -0])).toEqual([
      0x3f80, 0x3f80, 0x3f82, 0x3f81, 0x8000,
    ]);
    expect(brain([3.4e38, -Infinity])).toEqual([0x7f80, 0xff80]);
  });

  it("keeps a NaN a NaN even when only its lowest bits are set", () => {
    const values = new Float32Array(Uint32Array.of(0x7f800001, 0x7fffffff).buffer);
    const back = toFloat32(tensor("BF16", new Uint16Array(toBfloat16Bytes(values).buffer)));
    expect([...back]).toEqual([NaN, NaN]);
  });
});

describe("toBigInt64", () => {
  it("reads whole numbers exactly", () => {
    expect([...toBigInt64(unaligned(tensor("I64", BigInt64Array.of(2n ** 62n + 1n))))]).toEqual([2n ** 62n + 1n]);
    expect([...toBigInt64(tensor("I32", Int32Array.of(-1)))]).toEqual([-1n]);
    expect([...toBigInt64(tensor("BOOL", Uint8Array.of(1, 0)))]).toEqual([1n, 0n]);
  });

  it("refuses floating-point values", () => {
    expect(() => toBigInt64(tensor("F32", Float32Array.of(1)))).toThrow(/"t" holds F32 values where whole numbers/);
  });
});
