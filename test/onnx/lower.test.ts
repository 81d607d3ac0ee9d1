import { describe, expect, test } from "vitest";
import { type LoweringOptions, lower } from "../../src/onnx/lower.ts";
import * as t from "../../src/tensor/index.ts";
import { evaluate } from "../tensor/evaluate.ts";

const INPUTS: LoweringOptions = { fused: false, parameters: () => undefined };

/** The operations that a lowered program holds, by the names its nodes are given ("Add:%3", "Exp:y"). */
function nodes(outputs: Record<string, t.Tensor>, options: LoweringOptions = INPUTS): string[] {
  const text = Buffer.from(lower(outputs, options).model).toString("latin1");
  return [...text.matchAll(/([A-Z][A-Za-z]+):[%a-z]/g)].map((match) => match[1]);
}

const x = t.input("x", "float32", [2, 4]);

describe("lowering", () => {
  test("leaves out what no output needs", () => {
    const used = t.exp(x);
    t.sin(used); // traced, but asked for by nobody
    const [slope] = t.gradients(t.reduceSum(t.multiply(used, t.detach(t.cos(x)))), [x]);
    expect(nodes({ used })).toEqual(["Exp"]);
    expect(nodes({ slope })).not.toContain("Sin");
  });

  test("writes equal nodes once, traced apart or not", () => {
    const twice = t.add(t.exp(t.negate(x)), t.multiply(t.exp(t.negate(x)), t.add(t.exp(t.negate(x)), 1)));
    expect(nodes({ twice }).filter((type) => type === "Exp" || type === "Neg")).toEqual(["Neg", "Exp"]);
  });

  test("shares the parts of a composite operation with its gradient", () => {
    const y = t.layerNorm(x, 1e-5);
    const [slope] = t.gradients(t.reduceSum(t.square(y)), [x]);
    const types = nodes({ y, slope });
    expect(types.filter((type) => type === "Sqrt").length).toBe(1);
  });

  test("tells apart nodes that differ in an attribute or a constant", () => {
    const y = t.add(t.add(t.softmax(x, 0), t.softmax(x, 1)), t.add(t.multiply(x, 0), t.multiply(x, -0)));
    const types = nodes({ y });
    expect(types.filter((type) => type === "Softmax").length).toBe(2);
    expect(types.filter((type) => type === "Mul").length).toBe(2);
  });

  test("keeps equal small constants once and large ones where they share memory", () => {
    const large = new Float32Array(2 * 100).fill(0.5);
    const wide = t.input("wide", "float32", [2, 100]);
    const shared = [t.constant("float32", [2, 100], large), t.constant("float32", [2, 100], large)];
    const y = t.add(t.multiply(wide, shared[0]), t.multiply(wide, shared[1]));
    expect(nodes({ y }).filter((type) => type === "Mul").length).toBe(1);
    expect(lower({ y }, INPUTS).model.length).toBeLessThan(2 * large.byteLength);
  });

  test("uses the fused kernels only when it is asked to, and in float32", () => {
    const make = (dtype: t.DType) => {
      const a = t.input("a", dtype, [1, 2, 4]);
      return { y: t.attention(t.layerNorm(a, 1e-5), t.gelu(a), a, { heads: 2 }) };
    };
    const fused = { ...INPUTS, fused: true };
    expect(nodes(make("float32"), fused).sort()).toEqual(["Gelu", "LayerNormalization", "MultiHeadAttention"]);
    expect(nodes(make("float32"))).not.toContain("MultiHeadAttention");
    expect(nodes(make("float64"), fused)).not.toContain("LayerNormalization");
  });

  test("joins the gradients of the parts of a split instead of padding and adding them", () => {
    const [a, b] = t.split(x, 1, 2);
    const [slope] = t.gradients(t.reduceSum(t.multiply(a, b)), [x]);
    expect(nodes({ slope })).not.toContain("Pad");
    expect(nodes({ slope })).toContain("Concat");
  });

  test("gives outputs their names, also an input, a constant or one tensor twice", async () => {
    const y = t.negate(x);
    const feeds = { x: t.hostArray("float32", [2, 4], [1, 2, 3, 4, 5, 6, 7, 8]) };
    const results = await evaluate({ same: x, one: y, two: y, number: t.scalar(4, x) }, feeds);
    expect(results.same).toEqual(feeds.x);
    expect(results.one).toEqual(results.two);
    expect(nodes({ same: x, one: y, two: y })).toEqual(["Identity", "Neg", "Identity"]);
    expect(Array.from(results.number.data, Number)).toEqual([4]);
  });

  test("reads rows of a half-precision table without widening it, where the device can", () => {
    const table = t.parameter("table", [4, 2], { kind: "zeros" });
    const y = t.gatherRows(table, t.constant("int64", [1], [3]));
    const source = { dtype: "float16", shape: [4, 2], file: "weights", offset: 0, length: 16 } as const;
    const options: LoweringOptions = { fused: true, parameters: () => source };
    expect(nodes({ y }, { ...options, narrowRows: true })).toEqual(["Gather", "Cast"]);
    expect(nodes({ y }, options)).toEqual(["Cast", "Gather"]);
  });

  test("refuses two things of one name", () => {
    const weight = (name: string) => t.parameter(name, [4], { kind: "zeros" });
    const clash = 'Two inputs, weights or outputs of the program are called "x".';
    expect(() => lower({ y: t.add(x, t.input("x", "float32", [2, 4])) }, INPUTS)).toThrow(clash);
    expect(() => lower({ x: t.negate(x) }, INPUTS)).toThrow(clash);
    expect(() => lower({ y: t.add(x, weight("x")) }, INPUTS)).toThrow(clash);
    expect(() => lower({ y: weight("%1") }, INPUTS)).toThrow("begins with %");
  });

  test("has room for inputs and weights of any other name", async () => {
    const names = ["v0", "c0", "0", "a.b|c"];
    const inputs = names.map((name) => t.input(name, "float32", [1]));
    const sum = inputs.reduce((a, b) => t.add(t.multiply(a, 2), b));
    const feeds = Object.fromEntries(names.map((name) => [name, t.hostArray("float32", [1], [1])]));
    expect(Array.from((await evaluate({ sum }, feeds)).sum.data, Number)).toEqual([15]);
  });
});
