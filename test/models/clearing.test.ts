import { expect, it } from "vitest";
import { clearThings } from "../../src/models/clearing.ts";
import type { MarConfig } from "../../src/models/config.ts";
import { Scope } from "../../src/nn/scope.ts";
import { hostArray } from "../../src/tensor/dtype.ts";
import { input } from "../../src/tensor/index.ts";
import { evaluate } from "../tensor/evaluate.ts";
import { tinyConfig } from "./tiny.ts";
import { normals, startWeights } from "./weights.ts";

/** Tokens of `side` pixels: of four squares, of one, and of one that is smaller. */
const tokensOf = (side: number): MarConfig => ({ ...tinyConfig.mar, vae_stride: side, patch_size: 1 });
const [HEIGHT, WIDTH] = [48, 64];
const drawn = normals([1, 3, HEIGHT, WIDTH], 1);
const LENGTH = 5;
const prompt = {
  embeddings: input("embeddings", "float32", [1, LENGTH, 4]),
  isOwn: input("isOwn", "float32", [1, LENGTH]),
};
const words = {
  embeddings: normals([1, LENGTH, 4], 5),
  isOwn: hostArray("float32", [1, LENGTH], [1, 1, 1, 1, 0]),
};
const traced = (scope: Scope, mar: MarConfig) =>
  clearThings(scope, mar, input("drawn", "float32", [1, 3, HEIGHT, WIDTH]), prompt);

it.each([8, 4, 2])("begins with the picture as it is, of tokens of %d pixels", async (side) => {
  const scope = Scope.root();
  const cleared = traced(scope, tokensOf(side));
  const result = await evaluate({ cleared }, { drawn, ...words, ...startWeights(scope, 2) });
  expect(result.cleared.shape).toEqual([1, 3, HEIGHT, WIDTH]);
  (result.cleared.data as Float32Array).forEach((value, i) => {
    expect(value).toBeCloseTo((drawn.data as Float32Array)[i], 5);
  });
});

it("sees the whole of a picture of 64 pixels, of which things may cover most, and a prompt's own words", async () => {
  const scope = Scope.root();
  const cleared = traced(scope, tokensOf(8));
  const weights = Object.fromEntries(
    [...scope.parameters].map(([name, { shape }], i) => {
      const { data } = normals(shape, 20 + i);
      return [
        name,
        hostArray(
          "float32",
          shape.map(Number),
          (data as Float32Array).map((value) => value / 4),
        ),
      ];
    }),
  );
  /** The last pixel, where the first number of an input is another. */
  const last = async (name?: keyof typeof words | "drawn", at = 0) => {
    const feeds = { drawn, ...words };
    if (name) {
      const data = (feeds[name].data as Float32Array).slice();
      data[at] = 9;
      feeds[name] = { ...feeds[name], data };
    }
    const result = await evaluate({ cleared }, { ...feeds, ...weights });
    return (result.cleared.data as Float32Array)[HEIGHT * WIDTH - 1];
  };
  const one = await last();
  expect(await last("drawn")).not.toBe(one);
  expect(await last("embeddings")).not.toBe(one);
  // What fills a prompt up is not read.
  expect(await last("embeddings", 4 * LENGTH - 1)).toBe(one);
});
