import { expect, it } from "vitest";
import { promptForNew } from "../../src/pipeline/name-new.ts";
import { tinyTokenizer } from "../training/tiny-tokenizer.ts";

const tokenizer = tinyTokenizer("Replace the red car with a blue dog.");
const [before, words] = ["Replace the red car with", " a blue dog"].map((text) => tokenizer.encode(text));
const prompt = [...before, ...words, ...tokenizer.encode(".")];
const fresh = { from: before.length, to: before.length + words.length };

it("asks for what is named as new on its backdrop", () => {
  expect(promptForNew(tokenizer, prompt, { ...fresh, onFirst: true })).toBe("a blue dog on a teal background");
  expect(promptForNew(tokenizer, prompt, { ...fresh, onFirst: false })).toBe("a blue dog on a cream background");
});

it("is none where what is named is no words", () => {
  const images = new Array(3).fill(tokenizer.tokenId("<image>")!);
  expect(promptForNew(tokenizer, images, { from: 0, to: 3, onFirst: true })).toBeUndefined();
});
