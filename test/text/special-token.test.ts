import { describe, expect, it } from "vitest";
import { UserError } from "../../src/errors.ts";
import { withSpecialToken } from "../../src/text/special-token.ts";
import { Tokenizer } from "../../src/text/tokenizer.ts";
import { trainTokenizer } from "../../src/text/train-tokenizer.ts";

describe("withSpecialToken", () => {
  const files = trainTokenizer(["a red car"], { vocabularySize: 400 });
  const before = new Tokenizer(files.tokenizer, files.config);

  it("gives the token the next id, and leaves the files that it was given alone", () => {
    const copy = structuredClone(files);
    const { id, tokenizer, config } = withSpecialToken(files, "<video>");
    expect(files).toEqual(copy);
    expect(id).toBe(before.vocabularySize);
    const after = new Tokenizer(tokenizer, config);
    expect(after.tokenId("<video>")).toBe(id);
    expect(after.encode("a<video>red")).toEqual([...before.encode("a"), id, ...before.encode("red")]);
    expect(after.decode([id], { skipSpecial: true })).toBe("");
  });

  it("changes nothing where the token is there", () => {
    const { id, ...same } = withSpecialToken(files, "<image>");
    expect(same).toEqual(files);
    expect(id).toBe(before.tokenId("<image>"));
  });

  it("follows the largest id even where ids have gaps", () => {
    const sparse = structuredClone(files);
    (sparse.tokenizer.model as { vocab: Record<string, number> }).vocab.zebra = 5000;
    expect(withSpecialToken(sparse, "<video>").id).toBe(5001);
  });

  it.each([{}, { model: { vocab: [] } }, { model: null }, { model: { vocab: {} }, added_tokens: 3 }])(
    "refuses %j",
    (tokenizer) => {
      expect(() => withSpecialToken({ tokenizer, config: {} }, "<video>")).toThrow(UserError);
    },
  );
});
