import { describe, expect, it } from "vitest";
import { layoutOf } from "../../src/pipeline/lay-out.ts";
import { runsOf } from "../../src/pipeline/marked-words.ts";
import { tokenSpans } from "../../src/training/token-spans.ts";
import { tinyTokenizer } from "../training/tiny-tokenizer.ts";

const TEXT = "a red car, a blue dog and a pair of scissors on the grass";
const tokenizer = tinyTokenizer(TEXT);
const ids = tokenizer.encode(TEXT);

/** What a model says that is sure of some words, of their backdrop, and of a box whose edges grow from one of their tokens to the next. */
function saying(words: readonly string[], backdrop = 1): Float32Array {
  const seen = new Map<string, number>();
  return Float32Array.from(
    tokenSpans(tokenizer, ids).flatMap(([from, to]) => {
      const named = words.find((word) => from < TEXT.indexOf(word) + word.length && to > TEXT.indexOf(word));
      if (named === undefined) return [-2, 0, 9, 9, 9, 9];
      const before = seen.get(named) ?? 0;
      seen.set(named, before + 1);
      return [2, backdrop, before, before + 1, before + 2, before + 3];
    }),
  );
}
const tokensIn = (words: string) =>
  tokenSpans(tokenizer, ids).filter(
    ([from, to]) => from < TEXT.indexOf(words) + words.length && to > TEXT.indexOf(words),
  ).length;

describe("layoutOf", () => {
  const named = ["red car", "blue dog", "pair of scissors"];

  it("has the words of every thing and its backdrop", () => {
    const words = (backdrop: number) => layoutOf(tokenizer, ids, saying(named, backdrop)).map((thing) => thing.words);
    expect(words(1)).toEqual(named.map((name) => `${name} on a teal background`));
    expect(words(-1)).toEqual(named.map((name) => `${name} on a cream background`));
  });

  it("has the mean of the boxes that are said of a thing's tokens", () => {
    layoutOf(tokenizer, ids, saying(named)).forEach(({ box }, i) => {
      const middle = (tokensIn(named[i]) - 1) / 2;
      expect(box).toEqual({ left: middle, top: middle + 1, right: middle + 2, bottom: middle + 3 });
    });
  });

  it("is empty where fewer than three things are named, or more than eight", () => {
    expect(layoutOf(tokenizer, ids, saying(named.slice(1)))).toEqual([]);
    const every = (tokens: number) => {
      const many = Array.from({ length: tokens }, (_, at) => ids[at % 3]);
      return layoutOf(
        tokenizer,
        many,
        Float32Array.from(many.flatMap((_, at) => [at % 2 === 0 ? 2 : -2, 0, 0, 0, 1, 1])),
      );
    };
    expect(every(16)).toHaveLength(8);
    expect(every(18)).toEqual([]);
  });
});

it("finds runs of what is true", () => {
  expect(runsOf([])).toEqual([]);
  expect(runsOf([false, false])).toEqual([]);
  expect(runsOf([true, true, false, true, false, false, true])).toEqual([
    [0, 2],
    [3, 4],
    [6, 7],
  ]);
});
