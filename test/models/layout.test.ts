import { expect, it } from "vitest";
import { LAYOUT_NUMBERS, layOut, layoutLoss } from "../../src/models/layout.ts";
import { Scope } from "../../src/nn/scope.ts";
import { hostArray } from "../../src/tensor/dtype.ts";
import { input } from "../../src/tensor/index.ts";
import { evaluate } from "../tensor/evaluate.ts";
import { normals, startWeights } from "./weights.ts";

const HIDDEN = 6;
const scope = Scope.root();
const said = layOut(scope, {
  embeddings: input("embeddings", "float32", [1, "length", HIDDEN]),
  isOwn: input("isOwn", "float32", [1, "length"]),
});
const weights = startWeights(scope, 1);
const run = async (embeddings: readonly number[], own: number) => {
  const length = embeddings.length / HIDDEN;
  const isOwn = Array.from({ length }, (_, at) => (at < own ? 1 : 0));
  const feeds = {
    embeddings: hostArray("float32", [1, length, HIDDEN], embeddings),
    isOwn: hostArray("float32", [1, length], isOwn),
  };
  const result = await evaluate({ said }, { ...feeds, ...weights });
  expect(result.said.shape).toEqual([1, length, LAYOUT_NUMBERS]);
  return Array.from(result.said.data as Float32Array);
};
const prompt = Array.from(normals([40, HIDDEN], 2).data as Float32Array);

it("says the same of a prompt whatever fills it up", async () => {
  const alone = await run(prompt, 40);
  for (const filling of [new Array<number>(7 * HIDDEN).fill(0), prompt.slice(0, 7 * HIDDEN)]) {
    const filled = await run([...prompt, ...filling], 40);
    alone.forEach((value, i) => {
      expect(filled[i]).toBeCloseTo(value, 5);
    });
  }
});

it("sees every word of a prompt from everywhere in it", async () => {
  const changed = prompt.map((value, i) => (i < HIDDEN ? -value : value));
  const [one, other] = [await run(prompt, 40), await run(changed, 40)];
  const last = (values: number[]) => values.slice(-LAYOUT_NUMBERS);
  expect(last(other)).not.toEqual(last(one));
});

it("counts words, backdrops and boxes where they are known, as plain JavaScript does", async () => {
  const loss = layoutLoss(input("said", "float32", [1, 4, 6]), input("truth", "float32", [1, 4, 8]));
  const words = normals([1, 4, 6], 3);
  const box = [0.1, 0.2, 0.6, 0.9];
  const rows = [
    [1, 1, 1, 1, ...box],
    [1, 0, 0, 0, 0, 0, 0, 0],
    [1, 1, 0, 0, ...box],
    [0, 0, 0, 0, 0, 0, 0, 0],
  ];
  const truth = hostArray("float32", [1, 4, 8], rows.flat());
  const { result } = await evaluate({ result: loss }, { said: words, truth });
  const number = (row: number, index: number) => (words.data as Float32Array)[row * 6 + index];
  const unlikely = (odds: number, is: number) => Math.log1p(Math.exp(is ? -odds : odds));
  const naming = (unlikely(number(0, 0), 1) + unlikely(number(1, 0), 0) + unlikely(number(2, 0), 1)) / 3;
  const backdrop = (unlikely(number(0, 1), 1) + unlikely(number(2, 1), 0)) / 2;
  // Four times the mean of four edges, of the only one that has a place.
  const placing = box.reduce((sum, edge, i) => sum + Math.hypot(number(0, 2 + i) - edge, 1 / 64) - 1 / 64, 0);
  expect((result.data as Float32Array)[0]).toBeCloseTo(naming + backdrop + placing, 4);
});
