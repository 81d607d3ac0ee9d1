import { describe, expect, test } from "vitest";
import { nodeEngine } from "../../src/runtime/node.ts";
import { Program } from "../../src/runtime/program.ts";
import * as t from "../../src/tensor/index.ts";

const compile = (outputs: Record<string, t.Tensor>, fused = false) =>
  Program.compile(nodeEngine, outputs, { fused, parameters: () => undefined }, { device: "cpu", threads: 1 });

const counting = (shape: number[]) =>
  t.hostArray(
    "float32",
    shape,
    Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => i),
  );

describe("one program at many sizes", () => {
  test("grows a cache of [past, past + length]", async () => {
    const past = t.input("past", "float32", ["batch", "past", 2]);
    const fresh = t.input("fresh", "float32", ["batch", "length", 2]);
    const mask = t.input("mask", "float32", ["batch", "past+length"]);
    const all = t.concat([past, fresh], 1);
    expect(all.shape).toEqual(["batch", "length+past", 2]);
    const masked = t.multiply(all, t.reshape(mask, ["batch", "past+length", 1]));
    const program = await compile({
      masked,
      tail: t.slice(masked, 1, "past", "past+length"),
      rows: t.reshape(masked, [t.multiplyDimensions("batch", "past+length"), 2]),
      numbers: t.slice(t.range("past+length"), 0, "past", "past+length"),
      open: t.transpose(t.reshape(fresh, ["length", "batch", 2]), [1, 0, 2]),
    });
    for (const [batch, before, length] of [
      [1, 0, 3],
      [2, 3, 1],
      [2, 4, 0],
      [3, 1, 2],
      [0, 1, 2],
    ]) {
      const results = await program.run({
        past: counting([batch, before, 2]),
        fresh: counting([batch, length, 2]),
        mask: t.hostArray("float32", [batch, before + length], new Array(batch * (before + length)).fill(2)),
      });
      const expected: number[] = [];
      const tail: number[] = [];
      for (let b = 0; b < batch; b++) {
        for (let i = 0; i < before * 2; i++) expected.push(2 * (b * before * 2 + i));
        for (let i = 0; i < length * 2; i++) {
          expected.push(2 * (b * length * 2 + i));
          tail.push(2 * (b * length * 2 + i));
        }
      }
      expect(results.masked.shape).toEqual([batch, before + length, 2]);
      expect(Array.from(results.masked.data, Number)).toEqual(expected);
      expect(results.tail.shape).toEqual([batch, length, 2]);
      expect(Array.from(results.tail.data, Number)).toEqual(tail);
      expect(results.rows.shape).toEqual([batch * (before + length), 2]);
      expect(Array.from(results.numbers.data, Number)).toEqual(Array.from({ length }, (_, i) => before + i));
      expect(results.open.shape).toEqual([batch, length, 2]);
    }
    await program.release();
  });

  test("differentiates at sizes only known at run time", async () => {
    const x = t.input("x", "float32", ["batch", "length", 4]);
    const weight = t.input("weight", "float32", [4, 4]);
    const mixed = t.attention(t.linear(x, weight), x, x, { heads: 2 });
    const padded = t.pad(mixed, 1, 1, "length");
    const loss = t.reduceMean(t.square(t.layerNorm(t.slice(padded, 1, 1, "length+1"), 1e-5)));
    const [slope, forWeight] = t.gradients(loss, [x, weight]);
    const written = await compile({ loss, slope, forWeight });
    const fused = await compile({ loss, slope, forWeight }, true);
    const some = (shape: number[]) => {
      const { data } = counting(shape);
      return t.hostArray(
        "float32",
        shape,
        Array.from(data, Number).map((v) => Math.sin(1 + 2.3 * v)),
      );
    };
    for (const shape of [
      [1, 2, 4],
      [3, 5, 4],
      [2, 1, 4],
    ]) {
      const feeds = { x: some(shape), weight: some([4, 4]) };
      const [a, b] = [await written.run(feeds), await fused.run(feeds)];
      expect(a.slope.shape).toEqual(shape);
      // The loss is about 1 whatever the weights are, so its slopes are small but not nothing.
      expect(Number(a.loss.data[0])).toBeCloseTo(1, 2);
      for (const name of ["loss", "slope", "forWeight"]) {
        Array.from(a[name].data, Number).forEach((value, i) => {
          expect(value).toBeCloseTo(Number(b[name].data[i]), 5);
        });
      }
    }
    await written.release();
    await fused.release();
  });

  test("computes sums and products of sizes", async () => {
    const x = t.input("x", "float32", ["rows", "columns"]);
    const size = t.addDimensions(t.multiplyDimensions("rows", "columns"), "rows");
    const double = t.subtractDimensions(t.multiplyDimensions(2, size), 1);
    const program = await compile({ same: x, numbers: t.range(double), size: t.sizeTensor(double, "float32") });
    for (const [rows, columns] of [
      [2, 3],
      [1, 0],
    ]) {
      const results = await program.run({ x: counting([rows, columns]) });
      const expected = 2 * (rows * columns + rows) - 1;
      expect(results.numbers.data.length).toBe(expected);
      expect(Array.from(results.size.data, Number)).toEqual([expected]);
    }
    await program.release();
  });

  test("takes a size from an input that only another output needs", async () => {
    const weight = t.input("weight", "float32", [1, 2]);
    const x = t.input("x", "float32", ["batch"]);
    const program = await compile({ first: t.broadcastTo(weight, ["batch", 2]), second: t.negate(x) });
    const { first } = await program.run({ weight: counting([1, 2]), x: counting([3]) });
    expect(Array.from(first.data, Number)).toEqual([0, 1, 0, 1, 0, 1]);
    await program.release();
  });

  test("says which size no input tells", async () => {
    const x = t.input("x", "float32", [1]);
    await expect(compile({ y: t.broadcastTo(x, ["nowhere"]) })).rejects.toThrow(
      'The size "nowhere" is not the size of any input of the program.',
    );
  });
});
