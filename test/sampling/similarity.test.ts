import { expect, it } from "vitest";
import { cosineSimilarity } from "../../src/sampling/similarity.ts";

it("compares directions of parts of arrays, whatever their lengths", () => {
  const a = Float32Array.of(9, 9, 3, 4, 9);
  const of = (...b: number[]) => cosineSimilarity(a, Float32Array.from(b), 2, 2);
  expect(of(0, 0, 6, 8, 0)).toBeCloseTo(1, 6);
  expect(of(0, 0, -3, -4, 0)).toBeCloseTo(-1, 6);
  expect(of(0, 0, 4, -3, 0)).toBeCloseTo(0, 6);
  expect(of(0, 0, 1, 0, 0)).toBeCloseTo(0.6, 6);
  expect(of(1, 1, 0, 0, 1)).toBe(0);
});
