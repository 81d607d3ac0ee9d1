import { describe, expect, it } from "vitest";
import { readPrompt, readPromptByVotes } from "../../src/models/prompt-reading.ts";
import { Scope } from "../../src/nn/scope.ts";
import { hostArray } from "../../src/tensor/dtype.ts";
import { input } from "../../src/tensor/index.ts";
import { evaluate } from "../tensor/evaluate.ts";
import { normals, startWeights } from "./weights.ts";

const [LENGTH, HIDDEN, FEATURES] = [40, 6, 3];

describe.each([
  ["readPrompt", readPrompt],
  ["readPromptByVotes", readPromptByVotes],
])("%s", (_, read) => {
  const scope = Scope.root();
  const prompt = {
    embeddings: input("embeddings", "float32", [1, "length", HIDDEN]),
    isOwn: input("isOwn", "float32", [1, "length"]),
  };
  const told = read(scope, prompt, FEATURES);
  const weights = startWeights(scope, 1);
  const words = Array.from(normals([LENGTH, HIDDEN], 2).data as Float32Array);
  /** What is told of a prompt of which the first tokens are its own. */
  const run = async (own: number, changed: readonly number[] = words, length = LENGTH) => {
    const feeds = {
      embeddings: hostArray("float32", [1, length, HIDDEN], changed.slice(0, length * HIDDEN)),
      isOwn: hostArray(
        "float32",
        [1, length],
        Array.from({ length }, (_, at) => (at < own ? 1 : 0)),
      ),
    };
    return Array.from((await evaluate({ told }, { ...feeds, ...weights })).told.data, Number);
  };

  it("tells of a prompt's own tokens, in whatever batch it stands", async () => {
    const one = await run(30);
    expect(one).toHaveLength(FEATURES);
    const alone = await run(30, words, 30);
    one.forEach((value, i) => {
      expect(value).toBeCloseTo(alone[i], 5);
    });
    expect(await run(30, words.with(29 * HIDDEN, 3))).not.toEqual(one);
    expect(await run(30, words.with(30 * HIDDEN, 3))).toEqual(one);
  });
});

it("hears one token among many by votes", async () => {
  const scope = Scope.root();
  const embeddings = input("embeddings", "float32", [1, LENGTH, 1]);
  const isOwn = input("isOwn", "float32", [1, LENGTH]);
  const told = readPromptByVotes(scope, { embeddings, isOwn }, 1);
  // Everything that is said of a token grows with it, its say most of all.
  const weights = Object.fromEntries(
    [...scope.parameters].map(([name, { shape }]) => {
      const size = (shape as number[]).reduce((a, b) => a * b, 1);
      const numbers = new Array<number>(size).fill(name.endsWith("weight") ? 0.3 : 0);
      const [say] = name === "vote.weight" ? shape.slice(1) : [0];
      return [
        name,
        hostArray(
          "float32",
          shape as number[],
          numbers.map((value, i) => (i < (say as number) ? 10 : value)),
        ),
      ];
    }),
  );
  const run = async (loud: number) => {
    const words = Array.from({ length: LENGTH }, (_, at) => (at === 20 ? loud : 0.1));
    const feeds = {
      embeddings: hostArray("float32", [1, LENGTH, 1], words),
      isOwn: hostArray("float32", [1, LENGTH], new Array(LENGTH).fill(1)),
    };
    return Number((await evaluate({ told }, { ...feeds, ...weights })).told.data[0]);
  };
  // In a mean over all forty, seven of which see the token, it would add a quarter.
  expect((await run(1)) / (await run(0.1))).toBeGreaterThan(2);
});
