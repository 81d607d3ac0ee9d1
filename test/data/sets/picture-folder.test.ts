import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { MOST_TEXT_BYTES } from "../../../src/data/sets/limits.ts";
import { openSampleSet } from "../../../src/data/sets/shards.ts";
import { everySample } from "../../../src/data/sets/stream.ts";
import { Random } from "../../../src/random.ts";
import { temporaryFolder } from "../../checkpoint/temporary-folder.ts";
import { all, writeFiles } from "./make-data.ts";

/** What a folder holds, in short: each sample's texts and pictures, or what is wrong with it. */
async function seen(folder: string): Promise<Record<string, unknown>> {
  const items = await all(everySample(await openSampleSet(folder)));
  return Object.fromEntries(
    items.map((item) => {
      if ("bad" in item) return [item.bad.name.slice(folder.length + 1), item.bad.reason];
      const { key, texts, pictures } = item.sample;
      const contents = Object.entries(pictures).map(([role, bytes]) => [role, new TextDecoder().decode(bytes)]);
      return [key, { ...texts, ...Object.fromEntries(contents) }];
    }),
  );
}

async function folderOf(files: Readonly<Record<string, string>>): Promise<string> {
  const folder = await temporaryFolder();
  await writeFiles(folder, files);
  return folder;
}

describe("a folder of pictures", () => {
  it("pairs pictures with text and JSON files of their names, in folders below it too", async () => {
    const folder = await folderOf({
      "cat.JPG": "cat",
      "cat.txt": "a cat\n",
      "my.own.dog.png": "dog",
      "my.own.dog.json": '{"caption": "a dog", "question": "What?", "answer": "a dog"}',
      "below/e.source.png": "before",
      "below/e.target.webp": "after",
      "below/e.json": '{"instruction": "Add a hat."}',
      "notes.md": "nothing",
      ".hidden.png": "nothing",
    });
    expect(await seen(folder)).toEqual({
      cat: { caption: "a cat", image: "cat" },
      "my.own.dog": { caption: "a dog", question: "What?", answer: "a dog", image: "dog" },
      "below/e": { instruction: "Add a hat.", source: "before", target: "after" },
    });
  });

  it("names what is bad: no text, an empty one, no picture, two pictures", async () => {
    const folder = await folderOf({
      "good.png": "x",
      "good.txt": "good",
      "alone.png": "x",
      "empty.png": "x",
      "empty.txt": " ",
      "text.txt": "no picture",
      "twice.png": "x",
      "twice.jpg": "x",
      "twice.txt": "twice",
      "long.png": "x",
      "long.txt": "x".repeat(MOST_TEXT_BYTES + 1),
    });
    await mkdir(join(folder, "folder.png"));
    expect(await seen(folder)).toEqual({
      good: { caption: "good", image: "x" },
      alone: "there is no caption to its picture",
      empty: "its caption is empty",
      text: "there is no picture to its text",
      twice: "it has two pictures for one place (image)",
      long: `its file "long.txt" takes ${MOST_TEXT_BYTES + 1} bytes; ${MOST_TEXT_BYTES} is the most`,
    });
  });

  it("that loses a file while it is read", async () => {
    const folder = await folderOf({ "a.png": "x", "a.txt": "a", "b.png": "x", "b.txt": "b" });
    const set = await openSampleSet(folder);
    await rm(join(folder, "b.png"));
    const items = await all(everySample(set));
    expect(items.map((item) => "bad" in item && item.bad.reason)).toEqual([false, 'its file "b.png" is not there']);
  });

  it("is cut into parts, each read from anywhere in it, in an order that can be drawn", async () => {
    const numbers = Array.from({ length: 150 }, (_, i) => String(i).padStart(3, "0"));
    const folder = await folderOf(
      Object.fromEntries(
        numbers.flatMap((name) => [
          [`${name}.png`, "x"],
          [`${name}.txt`, name],
        ]),
      ),
    );
    const set = await openSampleSet(folder);
    expect([set.shards.length, set.count]).toEqual([3, 150]);
    const keys = async (from: number) => (await all(set.shards[1].records(from))).map(({ key }) => key);
    expect(await keys(60)).toEqual(numbers.slice(64 + 60, 128));
    const order = async (seed: number) =>
      (await all(everySample(await openSampleSet(folder, new Random(seed))))).map(
        ({ ...item }) => "sample" in item && item.sample.key,
      );
    const first = await order(1);
    expect(first).not.toEqual(numbers);
    expect([...first].sort()).toEqual(numbers);
    expect(await order(1)).toEqual(first);
    expect(await order(2)).not.toEqual(first);
  });

  it("changes its fingerprint with its files", async () => {
    const folder = await folderOf({ "a.png": "x", "a.txt": "a" });
    const print = async () => (await openSampleSet(folder)).shards[0].fingerprint();
    const before = await print();
    expect(await print()).toBe(before);
    await writeFiles(folder, { "a.txt": "another" });
    expect(await print()).not.toBe(before);
  });
});

describe("a folder with a metadata file", () => {
  const pictures = { "p/a.png": "A", "b.png": "B", "c.png": "C" };

  it("JSON lines", async () => {
    const folder = await folderOf({
      ...pictures,
      "metadata.jsonl": [
        '{"file_name": "p/a.png", "caption": "first"}',
        '{"file_name": "b.png", "text": "second"}',
        "",
        '{"file_name": "b.png", "question": "What?", "answer": "B"}',
        '{"source": "b.png", "target": "c.png", "instruction": "Make it C."}',
        '{"file_name": "b.png", "caption": 7}',
        '{"caption": "of nothing"}',
        "{broken",
        "[1]",
      ].join("\n"),
    });
    const items = await all(everySample(await openSampleSet(folder)));
    expect(
      items.map((item) => ("bad" in item ? item.bad.reason : { ...item.sample.texts, key: item.sample.key })),
    ).toEqual([
      { caption: "first", key: "p/a.png" },
      { caption: "second", key: "b.png" },
      { question: "What?", answer: "B", key: "b.png" },
      { instruction: "Make it C.", key: "b.png" },
      "its caption is not text",
      "it names no picture",
      "the row is not valid JSON",
      "the row is no JSON object",
    ]);
  });

  it("CSV, with quoted commas, empty cells and a byte order mark", async () => {
    const folder = await folderOf({
      ...pictures,
      "metadata.csv": [
        "\uFEFFfile_name,caption,question,answer",
        'p/a.png,"one, two\nthree",,',
        "b.png,,What?,B",
        "c.png,,,",
        "none.png,a ghost,,",
        "c.png,too few",
        'c.png,"loose" quotes,,',
      ].join("\r\n"),
    });
    const items = await all(everySample(await openSampleSet(folder)));
    expect(items.map((item) => ("bad" in item ? item.bad.reason : item.sample.texts))).toEqual([
      { caption: "one, two\nthree" },
      { question: "What?", answer: "B" },
      "its caption is empty",
      'its file "none.png" is not there',
      { caption: '"loose" quotes' },
      "the row has not as many cells as there are columns",
    ]);
  });

  it("that points out of the folder", async () => {
    const folder = await folderOf({ "metadata.jsonl": "" });
    const outside = ["../x.png", "p/../../x.png", "/etc/x.png"];
    await writeFiles(folder, {
      "metadata.jsonl": outside.map((file_name) => JSON.stringify({ file_name, caption: "x" })).join("\n"),
    });
    const items = await all(everySample(await openSampleSet(folder)));
    expect(items.map((item) => "bad" in item && item.bad.reason)).toEqual(
      outside.map((name) => `its file "${name}" lies outside of the folder`),
    );
  });

  it("names bad rows by their lines", async () => {
    const folder = await folderOf({ ...pictures, "metadata.csv": 'file_name,caption\nb.png,"a\nb"\nc.png\n' });
    expect(await seen(folder)).toMatchObject({
      "metadata.csv line 4": "the row has not as many cells as there are columns",
    });
    await writeFiles(folder, { "metadata.jsonl": '\n{"caption": "of nothing"}\n{' });
    expect(await seen(folder)).toEqual({
      "metadata.jsonl line 2": "it names no picture",
      "metadata.jsonl line 3": "the row is not valid JSON",
    });
  });

  it("with a quotation that never ends", async () => {
    const folder = await folderOf({ ...pictures, "metadata.csv": 'file_name,caption\nb.png,"open\nc.png,c\n' });
    await expect(openSampleSet(folder)).rejects.toThrow(/cannot be read as CSV: a quotation mark is never closed/);
  });

  it("that names no pictures", async () => {
    const folder = await folderOf({ "metadata.csv": "name,words\na,b\n" });
    await expect(openSampleSet(folder)).rejects.toThrow(/has no column "file_name"/);
  });
});

it("says where there is no data", async () => {
  const folder = await folderOf({ "notes.txt": "nothing" });
  await expect(openSampleSet(join(folder, "none"))).rejects.toThrow(/^There is no data set at ".*none": name a folder/);
  await expect(openSampleSet(folder)).rejects.toThrow(/^There are no pictures with captions in/);
  await expect(openSampleSet(join(folder, "notes.txt"))).rejects.toThrow(/is no tar shard; name one/);
});
