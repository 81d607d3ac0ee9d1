import { readdirSync, readFileSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import { Random } from "../../src/random.ts";
import { nodeEngine } from "../../src/runtime/node.ts";
import { Program } from "../../src/runtime/program.ts";
import * as language from "../../src/tensor/index.ts";
import { arrayCases } from "./array-cases.ts";
import { elementwiseCases } from "./elementwise-cases.ts";
import { evaluate } from "./evaluate.ts";
import { networkCases } from "./network-cases.ts";
import type { OperationCase } from "./operation-case.ts";
import type { Plain } from "./plain.ts";

type Float = "float32" | "float64";

const cases = [...elementwiseCases, ...arrayCases, ...networkCases];

/** A case traced in one type: its inputs, result, the scalar that is differentiated, and the gradients of that. */
class Traced {
  readonly inputs: language.Tensor[];
  readonly result: language.Tensor;
  readonly loss: language.Tensor;
  readonly gradients: language.Tensor[];

  constructor(
    readonly id: string,
    readonly operation: OperationCase,
    readonly dtype: Float,
    readonly values: readonly Plain[],
  ) {
    this.inputs = operation.shapes.map((shape, i) => language.input(`${id}:${i}`, dtype, shape));
    this.result = operation.build(this.inputs);
    const real = language.cast(this.result, dtype);
    const random = new Random(17);
    const weights = Array.from({ length: language.sizeOf(real.shape) as number }, () => random.normal());
    this.loss = language.reduceSum(language.multiply(real, language.constant(dtype, real.shape as number[], weights)));
    this.gradients = operation.discrete ? [] : language.gradients(this.loss, this.inputs);
  }

  /** The inputs as a program takes them, element `place` of input `which` moved by `step`. */
  feeds(moved?: { which: number; place: number; step: number }) {
    return this.values.map(({ shape, data }, i) => {
      const values = moved?.which === i ? data.with(moved.place, data[moved.place] + moved.step) : data;
      return [`${this.id}:${i}`, language.hostArray(this.dtype, shape, values)] as const;
    });
  }

  /** Every single element of every input. */
  get places(): { which: number; place: number }[] {
    if (this.operation.discrete) return [];
    return this.values.flatMap(({ data }, which) => data.map((_, place) => ({ which, place })));
  }

  outputs(): Record<string, language.Tensor> {
    const slopes = this.gradients.map((slope, i) => [`${this.id}:slope${i}`, slope]);
    return { [`${this.id}:result`]: this.result, ...Object.fromEntries(slopes) };
  }
}

function valuesOf({ shapes, positive }: OperationCase, seed: number): Plain[] {
  const random = new Random(seed);
  return shapes.map((shape) => ({
    shape: [...shape],
    // Numbers that float32 holds exactly, so that both types compute with the same ones.
    data: Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () =>
      Math.fround(positive ? random.uniform(0.5, 2.5) : random.truncatedNormal(0, 1, -2, 2)),
    ),
  }));
}

const feedsOf = (traced: readonly Traced[]) => Object.fromEntries(traced.flatMap((part) => part.feeds()));
const outputsOf = (traced: readonly Traced[]) => Object.assign({}, ...traced.map((part) => part.outputs()));

/** Central differences of all cases' losses at once: run n moves the n-th element of every case. */
async function differences(traced: readonly Traced[], step: number): Promise<Map<string, number[]>> {
  const program = await Program.compile(
    nodeEngine,
    Object.fromEntries(traced.map(({ id, loss }) => [id, loss])),
    { fused: false, parameters: () => undefined },
    { device: "cpu", threads: 1, optimization: "quick" },
  );
  const found = new Map<string, number[]>(traced.map(({ id }) => [id, []]));
  for (let n = 0; traced.some(({ places }) => n < places.length); n++) {
    const moved = (sign: number) =>
      program.run(
        Object.fromEntries(
          traced.flatMap((part) =>
            part.feeds(n < part.places.length ? { ...part.places[n], step: sign * step } : undefined),
          ),
        ),
      );
    const [above, below] = [await moved(1), await moved(-1)];
    for (const { id, places } of traced) {
      if (n < places.length) found.get(id)!.push((Number(above[id].data[0]) - Number(below[id].data[0])) / (2 * step));
    }
  }
  await program.release();
  return found;
}

/** The largest distance between two lists, over the larger of 1 and the largest value. */
function distance(a: ArrayLike<number | bigint>, b: ArrayLike<number | bigint>): number {
  expect(a.length).toBe(b.length);
  let [worst, largest] = [0, 1];
  for (let i = 0; i < a.length; i++) {
    const gap = Math.abs(Number(a[i]) - Number(b[i]));
    worst = Number.isNaN(gap) ? Infinity : Math.max(worst, gap);
    largest = Math.max(largest, Math.abs(Number(b[i])));
  }
  return worst / largest;
}

type Results = Awaited<ReturnType<typeof evaluate>>;

const traces = cases.map((operation, index) => {
  const values = valuesOf(operation, index + 1);
  const id = `${index}`;
  return {
    name: operation.title ? `${operation.of}, ${operation.title}` : operation.of,
    operation,
    values,
    exact: new Traced(id, operation, operation.single ? "float32" : "float64", values),
    single: new Traced(id, operation, "float32", values),
  };
});

let exact: Results;
let expanded: Results;
let fused: Results;
let slopes: Map<string, number[]>;

beforeAll(async () => {
  const all = traces.map((trace) => trace.exact);
  const singles = traces.map((trace) => trace.single);
  exact = await evaluate(outputsOf(all), feedsOf(all));
  expanded = await evaluate(outputsOf(singles), feedsOf(singles));
  fused = await evaluate(outputsOf(singles), feedsOf(singles), { fused: true });
  slopes = new Map([
    ...(await differences(
      all.filter(({ operation }) => operation.single),
      1 / 64,
    )),
    ...(await differences(
      all.filter(({ operation }) => !operation.single),
      1e-5,
    )),
  ]);
});

describe.each(traces)("$name", ({ operation, values, exact: traced }) => {
  const tolerance = operation.single ? 1e-5 : 1e-9;

  test("gives what plain loops give", () => {
    const expected = operation.reference([...values]);
    const result = exact[`${traced.id}:result`];
    expect(result.shape).toEqual(expected.shape);
    expect(distance(result.data, expected.data)).toBeLessThan(tolerance);
  });

  if (!operation.discrete)
    test("has the gradient that small steps show", () => {
      const found = traced.inputs.flatMap((_, i) => Array.from(exact[`${traced.id}:slope${i}`].data, Number));
      const expected = slopes.get(traced.id)!.map((slope) => slope * (operation.gradientScale ?? 1));
      expect(distance(found, expected)).toBeLessThan(operation.single ? 1e-3 : 1e-6);
    });

  test("is the same fused and written out", () => {
    for (const name of Object.keys(traced.outputs())) {
      expect(distance(fused[name].data, expanded[name].data)).toBeLessThan(1e-5);
    }
  });
});

describe("the table of cases", () => {
  const tested = new Set<string>(cases.map(({ of }) => of));

  test("has every exported function that makes tensors", () => {
    const others = new Set([
      ...["dimension", "addDimensions", "multiplyDimensions", "subtractDimensions", "evaluateDimension"],
      ...["dimensionTerms", "isFloat", "allocate", "hostData", "hostArray", "gradients"],
      ...["showShape", "sameShape", "sizeOf", "positiveAxis", "broadcastShapes", "staticShape"],
      ...["constant", "inOrder", "input", "isInput", "isLinear", "isParameter", "parameter", "scalar", "Tensor"],
    ]);
    const functions = Object.entries(language).filter(([, value]) => typeof value === "function");
    const untested = functions.map(([name]) => name).filter((name) => !tested.has(name) && !others.has(name));
    expect(untested).toEqual([]);
  });

  test("reaches every operation that is defined", () => {
    const folder = new URL("../../src/tensor/ops/", import.meta.url);
    const defined = readdirSync(folder).flatMap((file) => {
      const text = readFileSync(new URL(file, folder), "utf8");
      return [...text.matchAll(/(?:\bname:|\bunary\(|\bbinary\(|\breduction\()\s*"(\w+)"/g)].map((match) => match[1]);
    });
    const roots = traces.flatMap(({ single }) => [single.result, ...single.gradients]);
    const reached = new Set(language.inOrder(roots).map((tensor) => tensor.operation.name));
    expect(defined.length).toBeGreaterThan(45);
    expect(defined.filter((name) => !reached.has(name))).toEqual([]);
  });
});
