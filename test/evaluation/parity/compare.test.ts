import { describe, expect, it } from "vitest";
import { compare } from "../../../src/evaluation/parity/compare.ts";
import { describeTolerance, exact, toleranceOf } from "../../../src/evaluation/parity/tolerance.ts";

const output = (...values: number[]) => ({ shape: [values.length], values });

describe("compare", () => {
  it("finds the largest error and judges each value", () => {
    const tolerance = { absolute: 0.1, relative: 0.01 };
    expect(compare(output(1, 101), output(1, 100), tolerance)).toEqual({ maxError: 1, pass: true });
    const off = compare(output(1.2, 100), output(1, 100), tolerance);
    expect(off.pass).toBe(false);
    expect(off.note).toBe("1 of 2 values are off");
  });

  it("compares whole numbers of either type exactly", () => {
    const expected = { shape: [2], values: BigInt64Array.of(3n, -4n) };
    expect(compare(output(3, -4), expected, exact).pass).toBe(true);
    expect(compare(output(3, -5), expected, exact).pass).toBe(false);
  });

  it("fails on anything that is not a number, and takes equal infinities as equal", () => {
    const loose = { absolute: 1e9, relative: 0 };
    expect(compare(output(Number.NaN, 1), output(0, 0), loose)).toMatchObject({ pass: false, maxError: Number.NaN });
    expect(compare(output(Infinity), output(1), loose).pass).toBe(false);
    expect(compare(output(1), output(Infinity), { absolute: 0, relative: 1 }).pass).toBe(false);
    expect(compare(output(-Infinity), output(-Infinity), exact)).toEqual({ maxError: 0, pass: true });
  });

  it("fails on another shape or count", () => {
    expect(compare({ shape: [1, 2], values: [1, 2] }, output(1, 2), exact).note).toMatch(/\[1, 2\] instead of \[2\]/);
    expect(compare({ shape: [2], values: [1] }, output(1, 2), exact).note).toMatch(/1 values instead of 2/);
  });

  it("allows few values to be off by little", () => {
    const tolerance = { ...exact, except: { share: 0.3, by: 1 } };
    expect(compare(output(1, 2, 3, 5), output(1, 2, 3, 4), tolerance).pass).toBe(true);
    expect(compare(output(1, 2, 4, 5), output(1, 2, 3, 4), tolerance).pass).toBe(false);
    expect(compare(output(1, 2, 3, 6), output(1, 2, 3, 4), tolerance).pass).toBe(false);
  });

  it("leaves out what does not matter", () => {
    const result = compare(output(1, Number.NaN), output(1, 0), exact, (place) => place === 1);
    expect(result).toEqual({ maxError: 0, pass: true });
  });
});

describe("toleranceOf", () => {
  const entry = (dtype: string, rest = {}) => ({ shape: [1000], dtype, ...rest });

  it("takes the output's own atol first", () => {
    expect(toleranceOf("schedule", "x", entry("F32", { atol: 0.5 }))).toEqual({ absolute: 0.5, relative: 0 });
  });

  it.each([
    ["schedule", "s20.betas", "F32", "rtol 1e-6"],
    ["schedule", "s20.betas", "F64", "rtol 1e-10"],
    ["schedule", "s20.timestep_map", "I64", "exact"],
    ["preprocess", "land.crop_resize", "U8", "±1 on < 0.5 %"],
    ["preprocess", "land.edit_tensor", "F32", "1e-6"],
    ["adamw", "eps1e-8.step1.mar.mask_token", "F32", "2e-7 + rtol 2e-6"],
    ["adamw", "eps1e-8.step3.exp_avg_sq.mar.mask_token", "F32", "1e-8 + rtol 1e-5"],
    ["adamw", "lr_table_f64", "F64", "rtol 1e-9"],
    ["adamw", "sched.lr_used", "F32", "rtol 1e-7"],
    ["checkpoint", "a.weight", "F32", "exact"],
    ["qwen2", "greedy_ids_row0", "I64", "exact"],
  ])("knows the %s rule for %s (%s)", (kind, name, dtype, expected) => {
    expect(describeTolerance(toleranceOf(kind, name, entry(dtype)))).toBe(expected);
  });

  it("allows pixels to move as far as they are noted to, at 20 times as many places", () => {
    const noted = entry("I64", { maxLevelDifference: 1, movedLevels: 2 });
    expect(toleranceOf("t2i_sample", "pixels_uint8", noted)).toEqual({ ...exact, except: { share: 0.04, by: 1 } });
    expect(toleranceOf("t2i_sample", "pixels_uint8", entry("I64"))).toEqual(exact);
  });

  it("does not guess", () => {
    expect(() => toleranceOf("qwen2", "logits", entry("F32"))).toThrow(RangeError);
  });
});
