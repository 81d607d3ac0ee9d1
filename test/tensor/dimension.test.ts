import { describe, expect, test } from "vitest";
import {
  addDimensions,
  dimension,
  dimensionTerms,
  evaluateDimension,
  multiplyDimensions,
  subtractDimensions,
} from "../../src/tensor/index.ts";

const sizes = new Map([
  ["batch", 3],
  ["length", 5],
  ["past", 7],
]);

describe("a size", () => {
  test.each([
    ["length+past", "past+length"],
    ["batch*length", "length*batch"],
    ["2*batch", "batch+batch"],
    ["batch+1", "1+batch"],
    ["batch-length", "-length+batch"],
    ["batch*2*3", "6*batch"],
    ["batch+0*length", "batch"],
    ["past+length-past", "length"],
  ])("has one form, however it is written: %s and %s", (a, b) => {
    expect(dimension(a)).toBe(dimension(b));
  });

  test("that is known is a number", () => {
    expect(dimension("3*4+2")).toBe(14);
    expect(subtractDimensions("batch", "batch")).toBe(0);
    expect(subtractDimensions("batch+2", "batch")).toBe(2);
    expect(multiplyDimensions("batch", 0)).toBe(0);
  });

  test("keeps its value through sums, differences and products", () => {
    const parts = ["batch", "past+length", "2*batch*length-3", "batch-past", 4, 0, "-length"];
    for (const a of parts) {
      for (const b of parts) {
        const [x, y] = [evaluateDimension(a, sizes), evaluateDimension(b, sizes)];
        expect(evaluateDimension(addDimensions(a, b), sizes)).toBe(x + y);
        expect(evaluateDimension(subtractDimensions(a, b), sizes)).toBe(x - y);
        expect(evaluateDimension(multiplyDimensions(a, b), sizes)).toBe(x * y + 0); // + 0: no negative zero
        expect(addDimensions(a, b)).toBe(addDimensions(b, a));
        expect(multiplyDimensions(a, b)).toBe(multiplyDimensions(b, a));
        expect(addDimensions(subtractDimensions(a, b), b)).toBe(dimension(a));
      }
    }
  });

  test("is taken apart into terms", () => {
    expect(dimensionTerms("2*batch*length+batch-1")).toEqual([
      { coefficient: 2, names: ["batch", "length"] },
      { coefficient: 1, names: ["batch"] },
      { coefficient: -1, names: [] },
    ]);
  });

  test("that is not written as sums and products is refused", () => {
    for (const text of ["batch/2", "2.5", "batch**", "a b", "(batch)"]) {
      expect(() => dimension(text)).toThrow(`"${text}" is not a size`);
    }
  });

  test("cannot be worked out while a name is unknown", () => {
    expect(() => evaluateDimension("batch*height", sizes)).toThrow('The size "height" is not known.');
  });
});
