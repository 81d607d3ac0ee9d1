import { expect, it } from "vitest";
import type { MarConfig } from "../../src/models/config.ts";
import { place, placingLoss } from "../../src/models/placing.ts";
import { wholePrompts } from "../../src/models/prompt-reading.ts";
import { Scope } from "../../src/nn/scope.ts";
import { Random } from "../../src/random.ts";
import { type HostArray, hostArray } from "../../src/tensor/dtype.ts";
import { input } from "../../src/tensor/index.ts";
import { initialize } from "../../src/training/parameters.ts";
import { evaluate } from "../tensor/evaluate.ts";
import { tinyConfig } from "./tiny.ts";
import { normals } from "./weights.ts";

const floats = (array: HostArray) => Array.from(array.data as Float32Array);
/** Tokens of 16x16 pixels, so of 2x2 squares that vote. */
const mar: MarConfig = { ...tinyConfig.mar, vae_stride: 8, patch_size: 2 };
const [LENGTH, HIDDEN] = [5, 6];
const [ROWS, COLUMNS] = [2, 3];

const scope = Scope.root();
const box = place(scope, mar, {
  source: input("source", "float32", [2, 3, ROWS * 16, COLUMNS * 16]),
  beside: input("beside", "float32", [2, 1, ROWS * 16, COLUMNS * 16]),
  prompt: wholePrompts(input("embeddings", "float32", [2, LENGTH, HIDDEN])),
});
const weights = Object.fromEntries(initialize(scope.parameters, new Random(1)));
const given = {
  source: normals([2, 3, ROWS * 16, COLUMNS * 16], 2),
  beside: normals([2, 1, ROWS * 16, COLUMNS * 16], 3),
  embeddings: normals([2, LENGTH, HIDDEN], 1),
};

it("says a box for every edit by itself, by its source, by what it is put beside and by what is said", async () => {
  const one = await evaluate({ box }, { ...given, ...weights });
  expect(one.box.shape).toEqual([2, 4]);
  for (const [name, array] of Object.entries(given)) {
    const changed = Float32Array.from(array.data as Float32Array);
    changed.fill(0, 0, changed.length / 2);
    const feeds = { ...given, [name]: hostArray("float32", array.shape, changed) };
    const other = await evaluate({ box }, { ...feeds, ...weights });
    expect(floats(other.box).slice(0, 4)).not.toEqual(floats(one.box).slice(0, 4));
    expect(floats(other.box).slice(4)).toEqual(floats(one.box).slice(4));
  }
});

it("says the mean of what all squares say, who begin at their middles", async () => {
  const silent = Object.fromEntries(
    Object.entries(weights).map(([name, array]) => {
      const { shape, data } = array;
      return [name, name.startsWith("vote.") ? hostArray("float32", shape, new Array(data.length).fill(0)) : array];
    }),
  );
  const even = await evaluate({ box }, { ...given, ...silent });
  for (const value of floats(even.box)) expect(value).toBeCloseTo(0.5, 6);
  // All of them move the left edge by as much.
  const { shape, data } = silent["vote.bias"];
  const moved = Array.from({ length: data.length }, (_, i) => (i === 4 ? 0.25 : 0));
  const told = await evaluate({ box }, { ...given, ...silent, "vote.bias": hostArray("float32", shape, moved) });
  expect(floats(told.box)[0]).toBeCloseTo(0.75, 6);
  expect(floats(told.box)[1]).toBeCloseTo(0.5, 6);
});

it("counts by how much edges are off where there is something new, as plain JavaScript does", async () => {
  const boxes = (name: string) => input(name, "float32", [3, 4]);
  const loss = placingLoss(boxes("box"), boxes("truth"), input("isNew", "float32", [3, 1]));
  const feeds = { box: normals([3, 4], 1), truth: normals([3, 4], 2), isNew: hostArray("float32", [3, 1], [1, 0, 1]) };
  const off = (row: number) =>
    [0, 1, 2, 3].reduce((sum, edge) => {
      const distance = floats(feeds.box)[row * 4 + edge] - floats(feeds.truth)[row * 4 + edge];
      return sum + Math.hypot(distance, 1 / 64) - 1 / 64;
    }, 0);
  const { result } = await evaluate({ result: loss }, feeds);
  // Four times the mean of four edges, over two edits.
  expect(floats(result)[0]).toBeCloseTo((off(0) + off(2)) / 2, 5);
  const none = { ...feeds, isNew: hostArray("float32", [3, 1], [0, 0, 0]) };
  expect(floats((await evaluate({ result: loss }, none)).result)).toEqual([0]);
});
