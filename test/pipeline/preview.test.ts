import { expect, it } from "vitest";
import { withBlanks } from "../../src/pipeline/preview.ts";

it("puts the mean of what is drawn in the places that are hidden, picture by picture", () => {
  // Two pictures of three tokens with two numbers each.
  const tokens = Float32Array.of(1, 2, 0, 0, 3, 6, 0, 0, 5, 7, 0, 0);
  const filled = withBlanks(tokens, [Int32Array.of(1), Int32Array.of(0, 2)], 2);
  expect(filled).toEqual(Float32Array.of(1, 2, 2, 4, 3, 6, 5, 7, 5, 7, 5, 7));
  expect(tokens[2]).toBe(0);
});

it("leaves a picture of which nothing is drawn at zero", () => {
  expect(withBlanks(new Float32Array(4), [Int32Array.of(0, 1)], 2)).toEqual(new Float32Array(4));
});
