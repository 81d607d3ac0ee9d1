import { describe, expect, it } from "vitest";
import { promptOf } from "../../src/pipeline/name-new.ts";
import { tinyTokenizer } from "../training/tiny-tokenizer.ts";

const tokenizer = tinyTokenizer("Replace the red car with a blue dog.");
const image = tokenizer.tokenId("<image>")!;
const text = "Replace the red car with a blue dog.";
const ids = [image, image, ...tokenizer.encode(text)];

/** What a model says that is sure of the tokens of some words, and of their backdrop. */
function saying(isNamed: (start: number, end: number) => boolean, backdrop: number): Float32Array {
  const stream = tokenizer.createTextStream();
  let end = 0;
  return Float32Array.from(
    ids.flatMap((id) => {
      if (id === image) return [9, 9];
      const start = end;
      end += stream.push(id).length;
      return [isNamed(start, end) ? 2 : -2, backdrop];
    }),
  );
}
const within = (words: string) => {
  const from = text.indexOf(words);
  return (start: number, end: number) => start < from + words.length && end > from;
};

describe("the prompt that draws what is new by itself", () => {
  it("has the words that are named, and the likelier backdrop", () => {
    const named = within("a blue dog");
    expect(promptOf(tokenizer, ids, saying(named, 1), image)).toBe("a blue dog on a teal background");
    expect(promptOf(tokenizer, ids, saying(named, -1), image)).toBe("a blue dog on a cream background");
  });

  it("has those in a row alone, where stray ones are named, too", () => {
    const [stray, named] = [within("Rep"), within("a blue dog")];
    const both = saying((start, end) => stray(start, end) || named(start, end), 1);
    expect(promptOf(tokenizer, ids, both, image)).toBe("a blue dog on a teal background");
  });

  it("is none where no word is named, and pictures name nothing", () => {
    expect(
      promptOf(
        tokenizer,
        ids,
        saying(() => false, 1),
        image,
      ),
    ).toBeUndefined();
  });
});
