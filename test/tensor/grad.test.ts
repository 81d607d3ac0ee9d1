import { describe, expect, test } from "vitest";
import * as t from "../../src/tensor/index.ts";
import { evaluate } from "./evaluate.ts";

const VALUES = [1, -2, 3];
const vector = () => t.input("x", "float64", [3]);

/** Gradients of `loss` at x = VALUES. */
async function slopes(loss: t.Tensor, targets: t.Tensor[], feeds: Record<string, number[]> = { x: VALUES }) {
  const found = t.gradients(loss, targets);
  const arrays = Object.entries(feeds).map(([name, data]) => [name, t.hostArray("float64", [data.length], data)]);
  const results = await evaluate(
    Object.fromEntries(found.map((slope, i) => [`slope${i}`, slope])),
    Object.fromEntries(arrays),
  );
  return found.map((_, i) => Array.from(results[`slope${i}`].data, Number));
}

describe("gradients", () => {
  test("add up where paths meet again", async () => {
    const x = vector();
    const y = t.square(x);
    const left = t.multiply(y, 3);
    const right = t.multiply(y, x); // y is used twice, and x on three paths
    const [slope] = await slopes(t.reduceSum(t.add(left, t.multiply(right, left))), [x]);
    // 3 x^2 + 3 x^5
    expect(slope).toEqual(VALUES.map((v) => 6 * v + 15 * v ** 4));
  });

  test("grow with the graph and not with the number of paths through it", () => {
    const x = vector();
    let y: t.Tensor = x;
    for (let i = 0; i < 60; i++) y = t.add(y, y);
    const [slope] = t.gradients(t.reduceSum(y), [x]);
    expect(t.inOrder([slope]).length).toBeLessThan(400);
  });

  test("of a tensor multiplied by itself count both places", async () => {
    const x = vector();
    const [slope] = await slopes(t.reduceSum(t.multiply(x, x)), [x]);
    expect(slope).toEqual([2, -4, 6]);
  });

  test("reach a target that another target is made of", async () => {
    const x = vector();
    const y = t.multiply(x, x);
    const z = t.multiply(y, 2);
    const loss = t.reduceSum(t.multiply(z, x)); // 2 x^3, with z and y held: z x and 2 y x
    expect(await slopes(loss, [x, y, z])).toEqual([VALUES.map((v) => 6 * v * v), VALUES.map((v) => 2 * v), VALUES]);
    expect(await slopes(loss, [z, x])).toEqual([VALUES, VALUES.map((v) => 6 * v * v)]);
  });

  test("of the loss with respect to itself are 1", async () => {
    const x = vector();
    const loss = t.reduceSum(x);
    expect(await slopes(loss, [loss, x], {})).toEqual([[1], [1, 1, 1]]);
  });

  test("are zeros in the right shape where nothing flows", async () => {
    const x = vector();
    const unreached = t.input("unreached", "float64", [2, 2]);
    const compared = t.where(t.greaterThan(x, 0), t.scalar(1, x), t.scalar(2, x));
    const found = t.gradients(t.reduceSum(compared), [x, unreached]);
    expect(found.map(({ shape }) => shape)).toEqual([[3], [2, 2]]);
    expect(await slopes(t.reduceSum(x), [unreached], {})).toEqual([[0, 0, 0, 0]]);
    expect(await slopes(t.reduceSum(compared), [x], {})).toEqual([[0, 0, 0]]);
  });

  test("do not pass detach, and are scaled by scaleGradient", async () => {
    const x = vector();
    const [slope] = await slopes(t.reduceSum(t.multiply(t.detach(x), t.scaleGradient(x, 0.5))), [x]);
    expect(slope).toEqual(VALUES.map((v) => v / 2));
  });

  test("are shared between equal largest values", async () => {
    const x = vector();
    const [slope] = await slopes(t.reduceMax(x), [x], { x: [2, 1, 2] });
    expect(slope).toEqual([0.5, 0, 0.5]);
  });

  test("of slices of slices are joined and added right", async () => {
    const x = vector();
    const [a, b, c] = t.split(x, 0, 3);
    const pairs = t.multiply(t.concat([a, b], 0), t.concat([b, c], 0)); // ab, bc
    const [slope] = await slopes(t.reduceSum(t.add(pairs, t.slice(x, 0, 1, 3))), [x]);
    expect(slope).toEqual([-2, 1 + 3 + 1, -2 + 1]);
  });

  test("of a gradient are second derivatives", async () => {
    const x = vector();
    const [first] = t.gradients(t.reduceSum(t.gelu(t.multiply(x, x), "tanh")), [x]);
    const [second] = await slopes(t.reduceSum(first), [x]);
    const step = 1e-5;
    const [above] = await slopes(t.reduceSum(t.gelu(t.multiply(x, x), "tanh")), [x], {
      x: VALUES.map((v) => v + step),
    });
    const [below] = await slopes(t.reduceSum(t.gelu(t.multiply(x, x), "tanh")), [x], {
      x: VALUES.map((v) => v - step),
    });
    second.forEach((value, i) => {
      expect(value).toBeCloseTo((above[i] - below[i]) / (2 * step), 5);
    });
  });

  test("of something that is not a scalar are refused", () => {
    const x = vector();
    expect(() => t.gradients(t.square(x), [x])).toThrow("Only a scalar can be differentiated, not [3].");
  });

  test("need an operation that has one", () => {
    const scaled = t.convolution(
      t.input("p", "float32", [1, 1, 4, 4]),
      t.constant("float32", [1, 1, 2, 2], [1, 2, 3, 4]),
    );
    const picture = scaled.inputs[0];
    const [once] = t.gradients(t.reduceSum(t.square(scaled)), [picture]);
    expect(() => t.gradients(t.reduceSum(once), [picture])).toThrow("convolutionInputGradient has no gradient");
  });
});
