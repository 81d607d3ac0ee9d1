import { expect, it } from "vitest";
import type { MarConfig } from "../../src/models/config.ts";
import { repaint } from "../../src/models/repainting.ts";
import { Scope } from "../../src/nn/scope.ts";
import { Random } from "../../src/random.ts";
import { type HostArray, hostArray } from "../../src/tensor/dtype.ts";
import { fullLike, input, reshape, slice } from "../../src/tensor/index.ts";
import { initialize } from "../../src/training/parameters.ts";
import { evaluate } from "../tensor/evaluate.ts";
import { tinyConfig } from "./tiny.ts";
import { normals } from "./weights.ts";

/** Tokens of 8x8 pixels, so of 2x2 squares. */
const mar: MarConfig = { ...tinyConfig.mar, vae_stride: 8, patch_size: 1, source_tokens: true, source_pixels: true };
const [ROWS, COLUMNS, WIDTH, TOKEN] = [2, 12, 5, 3];
const [HEIGHT, BREADTH] = [ROWS * 8, COLUMNS * 8];
const grid = (name: string, numbers: number) => input(name, "float32", [1, ROWS, COLUMNS, numbers]);

const scope = Scope.root();
const outputs = repaint(scope, mar, {
  condition: grid("condition", WIDTH),
  isTold: grid("isTold", 1),
  token: grid("token", TOKEN),
  source: input("source", "float32", [1, 3, HEIGHT, BREADTH]),
});
const ones = (...shape: number[]) => hostArray("float32", shape, new Array(shape.reduce((a, b) => a * b)).fill(1));
const given = {
  condition: normals([1, ROWS, COLUMNS, WIDTH], 1),
  isTold: ones(1, ROWS, COLUMNS, 1),
  token: normals([1, ROWS, COLUMNS, TOKEN], 2),
  source: normals([1, 3, HEIGHT, BREADTH], 3),
};
const random = Object.fromEntries(
  [...scope.parameters].map(([name, { shape }], i) => {
    const weights = normals(shape, 10 + i);
    return [
      name,
      hostArray(
        "float32",
        weights.shape,
        (weights.data as Float32Array).map((value) => value * 0.08),
      ),
    ];
  }),
);
const run = (change: Partial<typeof given> = {}) => evaluate({ ...outputs }, { ...given, ...change, ...random });

/** An array with some of its numbers one larger. */
function moved(array: HostArray, isMoved: (index: number) => boolean): HostArray {
  const data = (array.data as Float32Array).map((value, i) => value + (isMoved(i) ? 1 : 0));
  return hostArray("float32", array.shape, data);
}

/** The columns of pixels in which two pictures differ. */
function columnsApart(one: HostArray, other: HostArray): number[] {
  const columns = new Set<number>();
  (one.data as Float32Array).forEach((value, i) => {
    if (value !== (other.data as Float32Array)[i]) columns.add(i % BREADTH);
  });
  return [...columns].sort((a, b) => a - b);
}

it("begins as the source itself, and without a preference", async () => {
  const start = Object.fromEntries(initialize(scope.parameters, new Random(1)));
  const { painted, odds } = await evaluate({ ...outputs }, { ...given, ...start });
  expect(painted.data).toEqual(given.source.data);
  expect((odds.data as Float32Array).every((value) => value === 0)).toBe(true);
});

it("paints without knowing what is drawn, by which it chooses", async () => {
  const [one, other] = [await run(), await run({ token: normals([1, ROWS, COLUMNS, TOKEN], 4) })];
  expect(other.painted.data).toEqual(one.painted.data);
  expect(other.odds.data).not.toEqual(one.odds.data);
});

it("does not read conditions of places that were not predicted", async () => {
  const isTold = moved(ones(1, ROWS, COLUMNS, 1), () => false);
  (isTold.data as Float32Array)[0] = 0;
  const changed = moved(given.condition, (i) => i < WIDTH);
  const [told, one, other] = [await run(), await run({ isTold }), await run({ isTold, condition: changed })];
  expect(other).toEqual(one);
  expect(one.painted.data).not.toEqual(told.painted.data);
  expect((await run({ condition: changed })).painted.data).not.toEqual(told.painted.data);
});

it("is told of a place around its token alone, and sees as far in the source", async () => {
  const [one, told, seen] = await Promise.all([
    run(),
    run({ condition: moved(given.condition, (i) => Math.floor(i / WIDTH) % COLUMNS === 0) }),
    run({ source: moved(given.source, (i) => i % BREADTH < 8) }),
  ]);
  // Of six convolutions the first two see two squares of four pixels further than the token's eight pixels. That reaches into two squares of
  // eight, around which another six convolutions see six; and then there are four more.
  for (const other of [told, seen]) {
    const apart = columnsApart(one.painted, other.painted);
    expect([apart[0], apart.at(-1)]).toEqual([0, 8 + 8 + 6 * 8 + 4 * 4 - 1]);
  }
});

it("has squares as large as a token that is no multiple of them", async () => {
  const odd: MarConfig = { ...mar, vae_stride: 6 };
  const scope = Scope.root();
  const condition = input("condition", "float32", [1, 2, 1, WIDTH]);
  const isTold = fullLike(slice(condition, 3, 0, 1), 1);
  const token = reshape(slice(condition, 3, 0, TOKEN), [1, 2, 1, TOKEN]);
  const source = input("source", "float32", [1, 3, 12, 6]);
  const { painted, odds } = repaint(scope, odd, { condition, isTold, token, source });
  const feeds = { condition: normals([1, 2, 1, WIDTH], 1), source: normals([1, 3, 12, 6], 2) };
  const start = Object.fromEntries(initialize(scope.parameters, new Random(1)));
  const results = await evaluate({ painted, odds }, { ...feeds, ...start });
  expect(results.painted.data).toEqual(feeds.source.data);
  expect(results.odds.shape).toEqual([1, 2, 12, 6]);
});
