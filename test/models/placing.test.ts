import { expect, it } from "vitest";
import type { MarConfig } from "../../src/models/config.ts";
import { conditionWidth } from "../../src/models/copying.ts";
import { place, placingLoss } from "../../src/models/placing.ts";
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
const mar: MarConfig = { ...tinyConfig.mar, vae_stride: 8, patch_size: 2, source_tokens: true, source_pixels: true };
const [ROWS, COLUMNS] = [2, 3];

const scope = Scope.root();
const placing = place(scope, mar, {
  condition: input("condition", "float32", [2, ROWS, COLUMNS, conditionWidth(mar)]),
  isTold: input("isTold", "float32", [2, ROWS, COLUMNS, 1]),
  source: input("source", "float32", [2, 3, ROWS * 16, COLUMNS * 16]),
});
const weights = Object.fromEntries(initialize(scope.parameters, new Random(1)));
const given = {
  condition: normals([2, ROWS, COLUMNS, conditionWidth(mar)], 1),
  isTold: hostArray("float32", [2, ROWS, COLUMNS, 1], new Array(2 * ROWS * COLUMNS).fill(1)),
  source: normals([2, 3, ROWS * 16, COLUMNS * 16], 2),
};

it("says boxes and odds of every edit by itself", async () => {
  const one = await evaluate({ ...placing }, { ...given, ...weights });
  expect([one.from.shape, one.to.shape, one.odds.shape]).toEqual([
    [2, 4],
    [2, 4],
    [2, 2],
  ]);
  const source = normals([2, 3, ROWS * 16, COLUMNS * 16], 2);
  (source.data as Float32Array).fill(0, 0, source.data.length / 2);
  const other = await evaluate({ ...placing }, { ...given, source, ...weights });
  for (const name of ["from", "to"]) {
    expect(floats(other[name]).slice(0, 4)).not.toEqual(floats(one[name]).slice(0, 4));
    expect(floats(other[name]).slice(4)).toEqual(floats(one[name]).slice(4));
  }
});

it("says the mean of what all squares say, who begin at their middles", async () => {
  const silent = Object.fromEntries(
    Object.entries(weights).map(([name, { shape, data }]) => [
      name,
      name.startsWith("vote.")
        ? hostArray("float32", shape, new Array(data.length).fill(0))
        : { shape, data, dtype: "float32" as const },
    ]),
  );
  const { from, to, odds } = await evaluate({ ...placing }, { ...given, ...silent });
  for (const value of [...floats(from), ...floats(to)]) expect(value).toBeCloseTo(0.5, 6);
  expect(floats(odds)).toEqual([0, 0, 0, 0]);
  // One that has all to say has the last word.
  const bias = silent["vote.bias"];
  const sure = Float32Array.from({ length: bias.data.length }, (_, i) => (i === 10 ? 0.25 : 0));
  const told = await evaluate(
    { ...placing },
    { ...given, ...silent, "vote.bias": hostArray("float32", bias.shape, sure) },
  );
  expect(floats(told.from)[0]).toBeCloseTo(0.75, 6);
});

it("counts what is off, where it is known, as plain JavaScript does", async () => {
  const numbers = (name: string, width: number) => input(name, "float32", [3, width]);
  const said = { from: numbers("from", 4), to: numbers("to", 4), odds: numbers("odds", 2) };
  const truth = { boxes: numbers("boxes", 8), facts: numbers("facts", 4) };
  const feeds = {
    from: normals([3, 4], 1),
    to: normals([3, 4], 2),
    odds: normals([3, 2], 3),
    boxes: normals([3, 8], 4),
    // A new thing, one of the source that turns, and an edit of which nothing is known.
    facts: hostArray("float32", [3, 4], [1, 1, 0, 0, 1, 1, 1, 1, 0, 0, 0, 0]),
  };
  const { loss } = await evaluate({ loss: placingLoss(said, truth) }, feeds);
  const off = (name: "from" | "to", row: number, first: number) => {
    const edges = floats(feeds[name]).slice(row * 4, row * 4 + 4);
    const distances = edges.map((edge, i) => edge - floats(feeds.boxes)[row * 8 + first + i]);
    return distances.reduce((sum, distance) => sum + Math.hypot(distance, 1 / 64) - 1 / 64, 0);
  };
  const unlikely = (log: number, is: boolean) => Math.log(1 + Math.exp(is ? -log : log));
  const odds = floats(feeds.odds);
  const expected =
    off("to", 0, 4) +
    unlikely(odds[0], false) +
    off("to", 1, 4) +
    off("from", 1, 0) +
    unlikely(odds[2], true) +
    unlikely(odds[3], true);
  expect(floats(loss)[0]).toBeCloseTo(expected / 3, 4);
});
