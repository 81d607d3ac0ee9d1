import { describe, expect, it } from "vitest";
import { UserError } from "../../src/errors.ts";
import { Random } from "../../src/random.ts";
import { chatPrompt, editTwin, generationPrompt, SPECIAL_TOKENS } from "../../src/text/prompts.ts";
import { Tokenizer } from "../../src/text/tokenizer.ts";
import { trainTokenizer } from "../../src/text/train-tokenizer.ts";

const captions = [
  "A red circle above two blue squares.",
  "A red star to the left of a cat, seen from above.",
  "Is there a dog? It's light-blue; 12 of them aren't.",
  "Grüße, 日本語 and naïve 🖼 pictures",
];
const build = (texts: Iterable<string>, vocabularySize = 500) => {
  const { tokenizer, config } = trainTokenizer(texts, { vocabularySize });
  return new Tokenizer(tokenizer, config);
};
const tokens = (tokenizer: Tokenizer, text: string) => tokenizer.encode(text).map((id) => tokenizer.decode([id]));

describe("trainTokenizer", () => {
  it("makes each word of the texts one token, with its space and its case", () => {
    const tokenizer = build(captions);
    expect(tokens(tokenizer, captions[0])).toEqual([
      "A",
      " red",
      " circle",
      " above",
      " two",
      " blue",
      " squares",
      ".",
    ]);
    expect(tokens(tokenizer, "A dog? It's light-blue; 12 Grüße")).toEqual([
      ..."A, dog,?, It,'s, light,-,blue,;, 1,2".split(","),
      ...[" ", "G", "r", "\uFFFD", "\uFFFD", "\uFFFD", "\uFFFD", "e"],
    ]);
    expect(tokens(tokenizer, "Grüße, 日本語 and naïve 🖼")).toEqual([
      "Grüße",
      ",",
      " 日本語",
      " and",
      " naïve",
      " ",
      "🖼",
    ]);
  });

  it("makes the prompts' words tokens, whatever the texts are", () => {
    const tokenizer = build([]);
    expect(tokens(tokenizer, generationPrompt(""))).toEqual(
      "<|im_start|>,user,\n,Generate, an, image,:, ,<|im_end|>,\n,<|im_start|>,assistant,\n".split(","),
    );
    expect(tokens(tokenizer, editTwin(1)).slice(3, 8)).toEqual(["<image>", "\n", "Repeat", " this", " image"]);
  });

  it("gives every special token an id after the words", () => {
    const tokenizer = build(captions);
    const ids = SPECIAL_TOKENS.map((token) => tokenizer.tokenId(token)!);
    const size = tokenizer.vocabularySize;
    expect(ids).toEqual([size - 4, size - 3, size - 2, size - 1]);
    for (const [i, token] of SPECIAL_TOKENS.entries()) expect(tokenizer.encode(`a${token} red`)[1]).toBe(ids[i]);
  });

  it("keeps to the size, dropping the rarest words", () => {
    const texts = [...Array<string>(9).fill("often"), ...Array<string>(2).fill("rarer"), "once"];
    const full = build(texts);
    const smaller = build(texts, full.vocabularySize - 1);
    expect(smaller.vocabularySize).toBe(full.vocabularySize - 1);
    expect(full.encode("once")).toHaveLength(1);
    expect(smaller.encode("once")).toHaveLength(4);
    expect(smaller.encode("rarer")).toHaveLength(1);
  });

  it("refuses a size without room for the prompts", () => {
    for (const size of [260, Number.NaN, 400.5]) expect(() => build(captions, size)).toThrow(UserError);
    const least = build([]).vocabularySize;
    expect(build(captions, least).vocabularySize).toBe(least);
    expect(() => build(captions, least - 1)).toThrow(`a whole number from ${least} up`);
  });

  it("gives the same files for the same texts in any order", () => {
    const files = (texts: string[]) => JSON.stringify(trainTokenizer(texts, { vocabularySize: 310 }));
    expect(files(captions)).toBe(files(captions));
    expect(files(captions.toReversed())).toBe(files(captions));
    expect(files(captions.slice(1))).not.toBe(files(captions));
  });

  it("leaves special tokens in the texts aside", () => {
    expect(tokens(build([chatPrompt("zebra<image>zebra")]), "zebra<image>")).toEqual(["zebra", "<image>"]);
    expect(build([chatPrompt("<image>")]).vocabularySize).toBe(build([]).vocabularySize);
  });
});

describe("round trip", () => {
  const tokenizer = build(captions);

  it.each([
    "",
    " ",
    "  two  spaces  ",
    "\r\n\ttabs\u00a0and\u2003others\u0085\u2028",
    "\uFEFFbyte order mark",
    "é against e\u0301",
    "👩‍👩‍👧‍👦 🇫🇷 ☂️ 𝔘𝔫𝔦𝔠𝔬𝔡𝔢",
    "zebra, 'twas 3.14 ½ Ⅷ ٣",
    "__proto__ constructor",
    "\u0000\u0007\u007f",
    "a .  b , c ! n't",
  ])("gives back %j", (text) => {
    expect(tokenizer.decode(tokenizer.encode(text))).toBe(text);
  });

  it("gives back any Unicode text", () => {
    const random = new Random(11);
    const character = () => {
      const point = random.integer(random.chance(0.5) ? 0x250 : 0x110000);
      return point >= 0xd800 && point < 0xe000 ? " " : String.fromCodePoint(point);
    };
    for (let round = 0; round < 300; round++) {
      const text = Array.from({ length: 20 }, () => (random.chance(0.2) ? random.pick(captions) : character())).join(
        "",
      );
      expect(tokenizer.decode(tokenizer.encode(text))).toBe(text);
    }
  });
});
