import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { UserError } from "../../src/errors.ts";
import { Random } from "../../src/random.ts";
import { editPrompt } from "../../src/text/prompts.ts";
import { Tokenizer } from "../../src/text/tokenizer.ts";
import { trainTokenizer } from "../../src/text/train-tokenizer.ts";

const files = trainTokenizer(["a red circle and a blue square"], { vocabularySize: 400 });
const tokenizer = new Tokenizer(files.tokenizer, files.config);

describe("Tokenizer", () => {
  it("recognises special tokens in the text and adds none", () => {
    const image = tokenizer.tokenId("<image>")!;
    const ids = tokenizer.encode(editPrompt("a red circle", 3));
    expect(ids.filter((id) => id === image)).toHaveLength(3);
    expect(ids[0]).toBe(tokenizer.tokenId("<|im_start|>"));
    expect(ids).not.toContain(tokenizer.tokenId("<|endoftext|>"));
    expect(tokenizer.encode("")).toEqual([]);
  });

  it("leaves special tokens out of the text when asked to", () => {
    const ids = tokenizer.encode("<|im_start|>a red<|im_end|>");
    expect(tokenizer.decode(ids)).toBe("<|im_start|>a red<|im_end|>");
    expect(tokenizer.decode(ids, { skipSpecial: true })).toBe("a red");
    expect(tokenizer.decode([])).toBe("");
    expect(tokenizer.decode([ids[0]], { skipSpecial: true })).toBe("");
  });

  it("knows how many ids there are", () => {
    const last = tokenizer.tokenId("<image>")!;
    expect(tokenizer.vocabularySize).toBe(last + 1);
    expect(tokenizer.tokenId("no such token")).toBeUndefined();
  });

  it("gives no text for ids of a padded embedding", () => {
    const ids = tokenizer.encode("a red");
    expect(tokenizer.decode([tokenizer.vocabularySize, ...ids, tokenizer.vocabularySize + 7])).toBe("a red");
  });

  it("follows the merges of a file that has them", () => {
    const model = files.tokenizer.model as { vocab: Record<string, number>; merges: string[] };
    const vocab = { ...model.vocab, qx: 1000, qxq: 1001 };
    const merged = { ...files.tokenizer, model: { ...model, vocab, merges: ["q x", "qx q"], ignore_merges: false } };
    const reader = new Tokenizer(merged, files.config);
    expect(reader.encode("qxq")).toEqual([1001]);
    expect(reader.encode("qxqx")).toEqual([1000, 1000]);
    expect(reader.vocabularySize).toBe(1002);
  });

  it("refuses files that are not a tokenizer's", () => {
    expect(() => new Tokenizer({}, {})).toThrow(UserError);
    expect(() => new Tokenizer({ ...files.tokenizer, model: { type: "nonsense" } }, {})).toThrow(
      /not in Hugging Face's form/,
    );
  });
});

describe("fromFolder", () => {
  async function folderWith(contents: Record<string, string>): Promise<string> {
    const folder = await mkdtemp(join(tmpdir(), "unipic-"));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    for (const [name, content] of Object.entries(contents)) await writeFile(join(folder, name), content);
    return folder;
  }

  it("reads a folder's two files", async () => {
    const folder = await folderWith({
      "tokenizer.json": JSON.stringify(files.tokenizer),
      "tokenizer_config.json": JSON.stringify(files.config),
    });
    const loaded = await Tokenizer.fromFolder(folder);
    const text = "a red circle 🖼<|im_end|>";
    expect(loaded.encode(text)).toEqual(tokenizer.encode(text));
  });

  it("names what is missing or damaged", async () => {
    await expect(Tokenizer.fromFolder(await folderWith({}))).rejects.toThrow(/There is no file at ".*tokenizer/);
    const damaged = await folderWith({ "tokenizer.json": "{", "tokenizer_config.json": "{}" });
    await expect(Tokenizer.fromFolder(damaged)).rejects.toThrow(/tokenizer\.json" is not valid JSON/);
  });
});

describe("createTextStream", () => {
  it("never gives a part of a character", () => {
    const stream = tokenizer.createTextStream();
    const pieces = tokenizer.encode("é🖼!").map((id) => stream.push(id));
    expect(pieces).toEqual(["", "é", "", "", "", "🖼", "!"]);
    expect(stream.end()).toBe("");
  });

  it("gives what is left of a broken character at the end, once", () => {
    const stream = tokenizer.createTextStream();
    const pieces = tokenizer
      .encode("🖼")
      .slice(0, 3)
      .map((id) => stream.push(id));
    expect(pieces).toEqual(["", "", ""]);
    expect(stream.end()).toBe("\uFFFD");
    expect(stream.end()).toBe("");
  });

  it("leaves special tokens out when asked to", () => {
    const stream = tokenizer.createTextStream({ skipSpecial: true });
    expect(tokenizer.encode("a<|im_end|> red").map((id) => stream.push(id))).toEqual(["a", "", " red"]);
  });

  it("joins up to the whole text, for any ids", () => {
    const random = new Random(7);
    for (let round = 0; round < 200; round++) {
      const ids = Array.from({ length: 12 }, () => random.integer(random.chance(0.5) ? tokenizer.vocabularySize : 256));
      const options = { skipSpecial: random.chance(0.5) };
      const stream = tokenizer.createTextStream(options);
      const pieces = [...ids.map((id) => stream.push(id)), stream.end()];
      expect(pieces.join("")).toBe(tokenizer.decode(ids, options));
    }
  });
});
