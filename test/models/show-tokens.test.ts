import { expect, it } from "vitest";
import { showTokens } from "../../src/models/mar.ts";
import { Scope } from "../../src/nn/scope.ts";
import { hostArray } from "../../src/tensor/dtype.ts";
import { input } from "../../src/tensor/index.ts";
import { evaluate } from "../tensor/evaluate.ts";
import { tinyConfig } from "./tiny.ts";
import { normals } from "./weights.ts";

it("adds a linear map of each source token to the condition of its place", async () => {
  const width = tinyConfig.mar.decoder_embed_dim;
  const condition = input("condition", "float32", [2, 3, width]);
  const told = showTokens(Scope.root(), tinyConfig.mar, condition, input("tokens", "float32", [2, 3, 4]));
  const feeds = { condition: normals([2, 3, width], 1), tokens: normals([2, 3, 4], 2) };
  const weight = normals([width, 4], 3);
  const silent = hostArray("float32", [width, 4], new Float32Array(4 * width));
  const results = await evaluate({ told }, { ...feeds, "source_embed.weight": weight });
  const [got, before] = [results.told.data as Float32Array, feeds.condition.data as Float32Array];
  const [tokens, map] = [feeds.tokens.data as Float32Array, weight.data as Float32Array];
  got.forEach((value, i) => {
    const [row, column] = [Math.floor(i / width), i % width];
    const added = [0, 1, 2, 3].reduce((sum, k) => sum + map[column * 4 + k] * tokens[row * 4 + k], 0);
    expect(value).toBeCloseTo(before[i] + added, 4);
  });
  const without = await evaluate({ told }, { ...feeds, "source_embed.weight": silent });
  expect(without.told.data).toEqual(before);
});
