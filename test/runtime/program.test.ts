import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { nodeEngine } from "../../src/runtime/node.ts";
import { Program } from "../../src/runtime/program.ts";
import * as t from "../../src/tensor/index.ts";

const f32 = (shape: number[], value = 1) =>
  t.hostArray("float32", shape, new Array(shape.reduce((a, b) => a * b, 1)).fill(value));

describe("a program", () => {
  let program: Program;

  beforeAll(async () => {
    const x = t.input("x", "float32", ["batch", "length", 2]);
    const mask = t.input("mask", "float32", ["batch", "past+length"]);
    const past = t.input("past", "float32", ["past"]);
    const y = t.multiply(x, t.reduceSum(t.multiply(t.reduceSum(mask), t.reduceSum(past))));
    program = await Program.compile(
      nodeEngine,
      { y },
      { fused: false, parameters: () => undefined },
      { device: "cpu", threads: 1 },
    );
  });
  afterAll(() => program.release());

  const right = () => ({ x: f32([2, 3, 2]), mask: f32([2, 4]), past: f32([1]) });

  test("knows its inputs and outputs", () => {
    expect(program.inputs.map(({ name }) => name).sort()).toEqual(["mask", "past", "x"]);
    expect(program.outputs).toEqual([{ name: "y", dtype: "float32", shape: ["batch", "length", 2] }]);
  });

  test("runs when everything fits", async () => {
    const { y } = await program.run(right());
    expect(y).toEqual(f32([2, 3, 2], 8));
  });

  test("writes a result into memory that it is given", async () => {
    const y = f32([2, 3, 2], 0);
    const results = await program.run(right(), { y });
    expect(Array.from(y.data, Number)).toEqual(new Array(12).fill(8));
    expect(results.y).toEqual(y);
  });

  test.each<[string, Record<string, t.HostArray | undefined>, string]>([
    ["is missing", { mask: undefined }, 'The program needs the input "mask", which was not given.'],
    ["is unknown", { other: f32([1]) }, 'The program has no input "other".'],
    [
      "has another type",
      { past: t.hostArray("int64", [1], [1]) },
      'The input "past" is int64[1] but must be float32[past]',
    ],
    ["has another rank", { x: f32([2, 3]) }, 'The input "x" is float32[2, 3] but must be float32[batch, length, 2]'],
    ["has another fixed size", { x: f32([2, 3, 4]) }, 'The input "x" is float32[2, 3, 4]'],
    ["disagrees on a named size", { mask: f32([3, 4]) }, "must be float32[batch, length, 2] where "],
    [
      "disagrees on a sum of sizes",
      { mask: f32([2, 5]) },
      'The input "mask" is float32[2, 5] but must be float32[batch, length+past] where ',
    ],
  ])("says so when an input %s", async (_, wrong, message) => {
    const feeds = { ...right(), ...wrong } as Record<string, t.HostArray>;
    for (const [name, array] of Object.entries(feeds)) if (array === undefined) delete feeds[name];
    await expect(program.run(feeds)).rejects.toThrow(message);
  });
});
