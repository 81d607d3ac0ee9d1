import { describe, expect, it } from "vitest";
import { CHANGE_NUMBERS, changesLoss, meanOfMarked, tellChanges } from "../../src/models/changing.ts";
import { findingLoss, findThing, squaresOfPatch } from "../../src/models/finding.ts";
import { recolor, recoloringLoss } from "../../src/models/recoloring.ts";
import { Scope } from "../../src/nn/scope.ts";
import { hostArray } from "../../src/tensor/dtype.ts";
import { input } from "../../src/tensor/index.ts";
import { evaluate } from "../tensor/evaluate.ts";
import { tinyConfig } from "./tiny.ts";
import { normals, startWeights } from "./weights.ts";

const values = (array: { data: ArrayLike<number | bigint> }) => Array.from(array.data, Number);
const unlikely = (odds: number, is: number) => Math.log1p(Math.exp(is ? -odds : odds));
const floats = (shape: number[], data: number[]) => hostArray("float32", shape, data);

describe("what an instruction changes", () => {
  it("is told of every token by itself and those around it", async () => {
    const scope = Scope.root();
    const said = tellChanges(scope, input("embeddings", "float32", [1, 30, 4]));
    const feeds = { embeddings: normals([1, 30, 4], 1), ...startWeights(scope, 1) };
    const { data } = feeds.embeddings;
    const changed = floats([1, 30, 4], values({ data }));
    changed.data[0] = 5;
    const [one, other] = [await evaluate({ said }, feeds), await evaluate({ said }, { ...feeds, embeddings: changed })];
    expect(one.said.shape).toEqual([1, 30, CHANGE_NUMBERS.length]);
    const differ = values(one.said).flatMap((value, i) =>
      value === values(other.said)[i] ? [] : [Math.floor(i / CHANGE_NUMBERS.length)],
    );
    expect([...new Set(differ)]).toEqual(Array.from({ length: 13 }, (_, at) => at));
  });

  it("counts as plain JavaScript counts it", async () => {
    const said = normals([1, 4, 13], 3);
    const rows = [
      [1, 1, 0, 0, 0, 1, 0, 1, 0, 1, 0, 1, 0.3, 0.1],
      [1, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0],
      [1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0],
      [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
    ];
    const loss = changesLoss(input("said", "float32", [1, 4, 13]), input("truth", "float32", [1, 4, 14]));
    const { result } = await evaluate({ result: loss }, { said, truth: floats([1, 4, 14], rows.flat()) });
    const odds = values(said);
    const off = (row: number, i: number) => unlikely(odds[13 * row + i], rows[row][i + 1]);
    const every = [0, 1, 2, 3].map((i) => (off(0, i) + off(1, i) + off(2, i)) / 3);
    const ofThings = [4, 5, 6, 7, 8].map((i) => off(0, i));
    const rest = (off(0, 10) + off(2, 10)) / 2;
    const amounts = [11, 12].map((i) => 4 * (Math.hypot(odds[i] - rows[0][i + 1], 0.02) - 0.02));
    const sum = [...every, ...ofThings, off(2, 9), rest, ...amounts].reduce((a, b) => a + b);
    expect(values(result)[0]).toBeCloseTo(sum, 4);
  });

  it("is named by the mean of its words", async () => {
    const mean = meanOfMarked(input("embeddings", "float32", [2, 3, 2]), input("marks", "float32", [2, 3]));
    const embeddings = floats([2, 3, 2], [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
    const { result } = await evaluate({ result: mean }, { embeddings, marks: floats([2, 3], [1, 0, 1, 0, 0, 0]) });
    expect(values(result)).toEqual([3, 4, 0, 0]);
  });
});

describe("findThing", () => {
  const config = { ...tinyConfig, mar: { ...tinyConfig.mar, vae_stride: 8, patch_size: 1, img_size: 16 } };

  it("tells of every pixel, by picture, tower and words", async () => {
    const scope = Scope.root();
    const odds = findThing(scope, config, {
      source: input("source", "float32", [1, 3, 16, 16]),
      vision: input("vision", "float32", [1, 4, 6]),
      words: input("words", "float32", [1, 6]),
    });
    expect(odds.shape).toEqual([1, 2, 16, 16]);
    const start = startWeights(scope, 3);
    const weights = Object.fromEntries(
      Object.entries(start).map(([name, { shape }], i) => [name, normals(shape as number[], 30 + i)]),
    );
    const feeds = { source: normals([1, 3, 16, 16], 1), vision: normals([1, 4, 6], 2), words: normals([1, 6], 3) };
    const run = async (changes: object) =>
      values((await evaluate({ odds }, { ...feeds, ...changes, ...weights })).odds).at(-1);
    const one = await run({});
    expect(await run({ source: normals([1, 3, 16, 16], 4) })).not.toBe(one);
    expect(await run({ vision: normals([1, 4, 6], 4) })).not.toBe(one);
    expect(await run({ words: normals([1, 6], 4) })).not.toBe(one);
  });

  it("refuses a tower whose patches are no whole squares", () => {
    const other = { ...config, siglip2: { ...config.siglip2, image_size: 12 } };
    const inputs = {
      source: input("source", "float32", [1, 3, 16, 16]),
      vision: input("vision", "float32", [1, 9, 6]),
      words: input("words", "float32", [1, 6]),
    };
    expect(() => findThing(Scope.root(), other, inputs)).toThrow(/no whole squares/);
    // Squares of four pixels, two and three patches along a side.
    expect([16, 24, 8].map((side) => squaresOfPatch(config, side))).toEqual([2, 3, 1]);
    expect([24, 16].map((side) => Number.isInteger(squaresOfPatch(other, side)))).toEqual([true, false]);
  });

  it("counts the pictures that show what is sought", async () => {
    const loss = findingLoss(
      input("odds", "float32", [2, 2, 1, 2]),
      input("truth", "float32", [2, 2, 1, 2]),
      input("isThere", "float32", [2, 1]),
    );
    const odds = normals([2, 2, 1, 2], 1);
    const truth = floats([2, 2, 1, 2], [1, 0, 1, 1, 0, 0, 0, 0]);
    const { result } = await evaluate({ result: loss }, { odds, truth, isThere: floats([2, 1], [1, 0]) });
    const mean = [0, 1, 2, 3].reduce((sum, i) => sum + unlikely(values(odds)[i], values(truth)[i]), 0) / 4;
    expect(values(result)[0]).toBeCloseTo(mean, 5);
  });
});

describe("recolor", () => {
  const scope = Scope.root();
  const painted = recolor(scope, {
    source: input("source", "float32", [1, 3, 2, 2]),
    share: input("share", "float32", [1, 1, 2, 2]),
    color: input("color", "float32", [1, 5]),
  });
  const weights = startWeights(scope, 1);
  const run = async (source: number[], share: number[], color = 1) => {
    const feeds = {
      source: floats([1, 3, 2, 2], source),
      share: floats([1, 1, 2, 2], share),
      color: normals([1, 5], color),
    };
    return values((await evaluate({ painted }, { ...feeds, ...weights })).painted);
  };
  const pixels = [0.1, 0.2, 0.3, 0.1, 0.5, 0.6, 0.7, 0.5, -0.1, -0.2, -0.3, -0.1];

  it("gives one tone one color, which hangs on the color asked for and on the thing's other tones", async () => {
    const one = await run(pixels, [1, 1, 0, 0]);
    // The first and the last pixel are the same, one of the thing and one not.
    for (const channel of [0, 4, 8]) expect(one[channel + 3]).toBeCloseTo(one[channel], 6);
    expect(await run(pixels, [1, 1, 0, 0], 2)).not.toEqual(one);
    expect((await run(pixels, [1, 0, 1, 0]))[0]).not.toBe(one[0]);
  });

  it("does not look at what is not the thing's", async () => {
    const other = [...pixels];
    other[2] = 0.9;
    const [one, changed] = [await run(pixels, [1, 1, 0, 0]), await run(other, [1, 1, 0, 0])];
    expect([0, 1, 3].map((pixel) => changed[pixel])).toEqual([0, 1, 3].map((pixel) => one[pixel]));
  });

  it("counts the thing's pixels of those that are painted", async () => {
    const shape = [2, 3, 1, 2];
    const loss = recoloringLoss(
      input("painted", "float32", shape),
      input("target", "float32", shape),
      input("share", "float32", [2, 1, 1, 2]),
      input("isPainted", "float32", [2, 1]),
    );
    const feeds = {
      painted: normals(shape, 1),
      target: normals(shape, 2),
      share: floats([2, 1, 1, 2], [1, 0.5, 1, 1]),
      isPainted: floats([2, 1], [1, 0]),
    };
    const { result } = await evaluate({ result: loss }, feeds);
    const off = [0, 1, 2, 3, 4, 5].map(
      (i) => (Math.hypot(values(feeds.painted)[i] - values(feeds.target)[i], 0.1) - 0.1) * (i % 2 === 0 ? 1 : 0.5),
    );
    expect(values(result)[0]).toBeCloseTo(off.reduce((a, b) => a + b) / (3 * 1.5), 5);
  });
});
