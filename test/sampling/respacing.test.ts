import { describe, expect, it } from "vitest";
import { UserError } from "../../src/errors.ts";
import { respacedSteps } from "../../src/sampling/respacing.ts";

const steps = (total: number, respacing: string) => Array.from(respacedSteps(total, respacing));

describe("respacedSteps", () => {
  it("keeps every step when empty", () => {
    expect(steps(4, "")).toEqual([0, 1, 2, 3]);
  });

  it("spreads a count from the first step to the last, halves to even", () => {
    // Positions 0, 2.5, 5, 7.5, 10: 2.5 rounds down to 2, 7.5 up to 8.
    expect(steps(11, "5")).toEqual([0, 2, 5, 8, 10]);
    expect(steps(11, "1")).toEqual([0]);
  });

  it("thins each section by itself, earlier sections taking the remainder", () => {
    // 10 steps in three sections: 0-3, 4-6, 7-9.
    expect(steps(10, "2,1,3")).toEqual([0, 3, 4, 7, 8, 9]);
  });

  it("walks even strides for ddim", () => {
    expect(steps(10, "ddim5")).toEqual([0, 2, 4, 6, 8]);
    expect(steps(10, "ddim4")).toEqual([0, 3, 6, 9]);
    expect(steps(1000, "ddim25").at(-1)).toBe(960);
  });

  it("keeps the last step of equal parts for trailing", () => {
    expect(steps(10, "trailing5")).toEqual([1, 3, 5, 7, 9]);
    expect(steps(10, "trailing4")).toEqual([2, 4, 7, 9]);
    expect(steps(10, "trailing10")).toEqual(steps(10, ""));
    expect(steps(1000, "trailing1")).toEqual([999]);
  });

  it.each(["trailing0", "trailing11", "trailing", "ddim6", "11", "0", "5,6,1", "many", "1.5", "-3", "ddim", "1,,2"])(
    "refuses %s of 10 steps",
    (respacing) => {
      expect(() => respacedSteps(10, respacing)).toThrow(UserError);
    },
  );
});
