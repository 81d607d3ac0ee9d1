import { expect, it } from "vitest";
import { nameNew, namingLoss } from "../../src/models/naming.ts";
import { Scope } from "../../src/nn/scope.ts";
import { Random } from "../../src/random.ts";
import { hostArray } from "../../src/tensor/dtype.ts";
import { input } from "../../src/tensor/index.ts";
import { initialize } from "../../src/training/parameters.ts";
import { evaluate } from "../tensor/evaluate.ts";
import { normals } from "./weights.ts";

it("marks every token by those around it", async () => {
  const scope = Scope.root();
  const [length, hidden] = [16, 6];
  const said = nameNew(scope, input("embeddings", "float32", [1, "length", hidden]));
  const weights = Object.fromEntries(initialize(scope.parameters, new Random(1)));
  const [embeddings, changed] = [normals([1, length, hidden], 1), normals([1, length, hidden], 1)];
  (changed.data as Float32Array).fill(0, 4 * hidden, 5 * hidden);
  const [one, other] = await Promise.all(
    [embeddings, changed].map((given) => evaluate({ said }, { embeddings: given, ...weights })),
  );
  expect(one.said.shape).toEqual([1, length, 2]);
  const numbers = ({ said }: typeof one) => Array.from(said.data as Float32Array);
  const differing = numbers(one).flatMap((value, i) => (value === numbers(other)[i] ? [] : [Math.floor(i / 2)]));
  // Two tokens before it, and eight after it, are marked by it.
  expect([...new Set(differing)]).toEqual([2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
});

it("counts what is known, and the backdrop of what is new alone", async () => {
  const said = normals([2, 2, 2], 3);
  const truth = [
    [1, 1, 1],
    [1, 0, 0],
    [1, 1, 0],
    [0, 0, 0],
  ];
  const feeds = { said, truth: hostArray("float32", [2, 2, 3], truth.flat()) };
  const loss = namingLoss(input("said", "float32", [2, 2, 2]), input("truth", "float32", [2, 2, 3]));
  const { result } = await evaluate({ result: loss }, feeds);
  const odds = Array.from(said.data as Float32Array);
  const unlikely = (log: number, is: number) => Math.log1p(Math.exp(is ? -log : log));
  const naming = (unlikely(odds[0], 1) + unlikely(odds[2], 0) + unlikely(odds[4], 1)) / 3;
  const backdrop = (unlikely(odds[1], 1) + unlikely(odds[5], 0)) / 2;
  expect((result.data as Float32Array)[0]).toBeCloseTo(naming + backdrop, 5);
  const none = { ...feeds, truth: hostArray("float32", [2, 2, 3], new Array(12).fill(0)) };
  expect((await evaluate({ result: loss }, none)).result.data).toEqual(Float32Array.of(0));
});
