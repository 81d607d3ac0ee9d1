import { describe, expect, test } from "vitest";
import { Random } from "../../src/random.ts";
import { nodeEngine } from "../../src/runtime/node.ts";
import { Program } from "../../src/runtime/program.ts";
import * as t from "../../src/tensor/index.ts";

const compile = (outputs: Record<string, t.Tensor>, threads: number) =>
  Program.compile(
    nodeEngine,
    outputs,
    { fused: false, parameters: () => undefined },
    { device: "cpu", threads, optimization: "quick" },
  );

describe("adding to rows that repeat", () => {
  const [rows, width, count] = [50, 32, 20_000];
  const random = new Random(5);
  const numbers = Array.from({ length: count }, () => random.integer(random.chance(0.5) ? 3 : rows));
  // Whole numbers, whose sums float32 holds exactly in any order: one lost update shows.
  const updates = Float32Array.from({ length: count * width }, () => random.integer(9) - 4);
  const feeds = {
    rows: t.hostArray("int64", [count], numbers),
    updates: t.hostArray("float32", [count, width], updates),
  };
  const expected = new Float32Array(rows * width);
  numbers.forEach((row, i) => {
    for (let j = 0; j < width; j++) expected[row * width + j] += updates[i * width + j];
  });

  test("loses nothing on two threads", async () => {
    const table = t.constant("float32", [rows, width], new Float32Array(rows * width));
    const input = t.input("rows", "int64", [count]);
    const given = t.input("updates", "float32", [count, width]);
    const scattered = t.scatterAddRows(table, input, given);
    // The same sums as the gradient of reading the rows.
    const [slope] = t.gradients(t.reduceSum(t.multiply(t.gatherRows(table, input), given)), [table]);
    const program = await compile({ scattered, slope }, 2);
    for (let run = 0; run < 5; run++) {
      const results = await program.run(feeds);
      expect(Buffer.from(results.scattered.data.buffer).equals(Buffer.from(expected.buffer))).toBe(true);
      expect(results.slope.data).toEqual(expected);
    }
    await program.release();
  });
});

describe("a training step", () => {
  const [batch, length, width, words] = [2, 24, 32, 11];
  const random = new Random(3);

  function step(): Record<string, t.Tensor> {
    const weights = {
      table: t.input("table", "float32", [words, width]),
      mix: t.input("mix", "float32", [3 * width, width]),
      grow: t.input("grow", "float32", [2 * width, width]),
      shrink: t.input("shrink", "float32", [width, 2 * width]),
      scale: t.input("scale", "float32", [width]),
    };
    const ids = t.input("ids", "int64", [batch, length]);
    let x = t.gatherRows(weights.table, ids);
    const [q, k, v] = t.split(t.linear(t.rmsNorm(x, weights.scale, 1e-6), weights.mix), 2, 3);
    x = t.add(x, t.attention(q, k, v, { heads: 4 }));
    x = t.add(x, t.linear(t.gelu(t.linear(t.layerNorm(x, 1e-6), weights.grow)), weights.shrink));
    const scores = t.logSoftmax(t.linear(x, weights.table)); // [batch, length, words]
    const target = t.reshape(ids, [batch, length, 1]);
    const loss = t.negate(t.reduceMean(t.takeLast(scores, target)));
    const names = Object.keys(weights);
    const slopes = t.gradients(loss, Object.values(weights));
    return { loss, ...Object.fromEntries(slopes.map((slope, i) => [`slope of ${names[i]}`, slope])) };
  }

  test("is the same to the last bit in every run, on one thread and on two", async () => {
    const outputs = step();
    const [one, two] = [await compile(outputs, 1), await compile(outputs, 2)];
    const feeds = Object.fromEntries(
      one.inputs.map(({ name, dtype, shape }) => {
        const sizes = shape as number[];
        const size = sizes.reduce((a, b) => a * b, 1);
        const values =
          dtype === "int64" ? Array.from({ length: size }, () => random.integer(words)) : random.normals(size);
        return [name, t.hostArray(dtype, sizes, values)];
      }),
    );
    const first = await one.run(feeds);
    expect(Number(first.loss.data[0])).toBeGreaterThan(0);
    for (const program of [one, two, two, one, two]) {
      const again = await program.run(feeds);
      for (const name of Object.keys(outputs)) expect(again[name].data).toEqual(first[name].data);
    }
    await one.release();
    await two.release();
  });
});
