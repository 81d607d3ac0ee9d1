import { execFile } from "node:child_process";
import { open, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { pack } from "tar-stream";
import { describe, expect, it } from "vitest";
import { MOST_FIELDS, MOST_PICTURE_BYTES, MOST_TEXT_BYTES } from "../../../src/data/sets/limits.ts";
import { isBad } from "../../../src/data/sets/record.ts";
import { ShardWriter } from "../../../src/data/sets/shard-writer.ts";
import { tarShard } from "../../../src/data/sets/tar-shard.ts";
import { temporaryFolder } from "../../checkpoint/temporary-folder.ts";
import { all, json, text, writeCaptions, writeFiles } from "./make-data.ts";

const records = (path: string, from = 0, textsOnly = false) =>
  all(tarShard(path, "test.tar").records(from, { textsOnly }));

/** What a record is, in short: its key and fields, or what is wrong. */
const seen = async (path: string, from = 0) =>
  (await records(path, from)).map((record) =>
    isBad(record) ? `${record.key}: ${record.reason}` : `${record.key} ${[...record.fields.keys()].join()}`,
  );

const CUT = ": the shard is cut short: its closing blocks are missing";

/** A tar of entries as they are, each a name and contents. */
async function writeTar(path: string, entries: readonly (readonly [string, string])[]): Promise<void> {
  const tar = pack();
  for (const [name, contents] of entries) tar.entry({ name, mtime: new Date(0) }, contents);
  tar.finalize();
  const parts: Uint8Array[] = [];
  for await (const part of tar) parts.push(part as Uint8Array);
  await writeFile(path, Buffer.concat(parts));
}

describe("a shard", () => {
  it("comes back as it was written, and the same samples give the same bytes", async () => {
    const folder = await temporaryFolder();
    const contents = {
      "a.png": text("first picture"),
      "a.json": json({ caption: "ä" }),
      "b.png": new Uint8Array(1500),
    };
    for (const name of ["one.tar", "two.tar"]) {
      const writer = await ShardWriter.open(join(folder, "deep", name));
      await writer.add("a", [
        ["png", contents["a.png"]],
        ["json", contents["a.json"]],
      ]);
      await writer.add("b", [["png", contents["b.png"]]]);
      await writer.finish();
    }
    const found = await records(join(folder, "deep", "one.tar"));
    expect(found.map((record) => !isBad(record) && [record.key, Object.fromEntries(record.fields)])).toEqual([
      ["a", { png: contents["a.png"], json: contents["a.json"] }],
      ["b", { png: contents["b.png"] }],
    ]);
    const [one, two] = await Promise.all(["one.tar", "two.tar"].map((name) => readFile(join(folder, "deep", name))));
    expect(one.equals(two)).toBe(true);
  });

  it("is read as the system's tar writes it, long names and folders among them", async () => {
    const folder = await temporaryFolder();
    const long = `${"long-".repeat(30)}name`;
    await writeFiles(join(folder, "in"), {
      [`${long}.jpg`]: "x",
      [`${long}.json`]: "{}",
      "sub/b.png": "y",
      "sub/b.txt": "z",
    });
    await promisify(execFile)("tar", ["-cf", "out.tar", "-C", "in", `${long}.jpg`, `${long}.json`, "sub"], {
      cwd: folder,
    });
    const [first, second, ...rest] = await seen(join(folder, "out.tar"));
    expect([first, rest]).toEqual([`${long} jpg,json`, []]);
    expect(second).toMatch(/^sub\/b (png,txt|txt,png)$/);
  });

  it("goes on from where any record ended", async () => {
    const folder = await temporaryFolder();
    const path = join(folder, "a.tar");
    await writeTar(path, [
      ["a.json", "{}"],
      [`${"n".repeat(120)}.json`, "{}"],
      ["c.json", "{}"],
      ["c.png", "x".repeat(700)],
    ]);
    const found = await records(path);
    expect(found).toHaveLength(3);
    for (const [i, { end }] of found.entries()) expect(await records(path, end)).toEqual(found.slice(i + 1));
  });

  it("leaves pictures unread where only texts are wanted", async () => {
    const path = join(await temporaryFolder(), "a.tar");
    await writeCaptions(path, ["one"]);
    const [record] = await records(path, 0, true);
    expect(!isBad(record) && [record.fields.get("png")!.length, record.fields.get("json")!.length]).toEqual([0, 17]);
  });

  it("takes names up to their first dot, and leaves other programs' notes aside", async () => {
    const path = join(await temporaryFolder(), "a.tar");
    await writeTar(path, [
      ["./a.source.PNG", "x"],
      ["./._a.json", "x"],
      ["a.target.png", "x"],
      ["a.json", "{}"],
      ["a.cls", "7"],
      ["README", "x"],
      ["d/a.json", "{}"],
    ]);
    expect(await seen(path)).toEqual(["a source.png,target.png,json", "d/a json"]);
  });
});

describe("a shard that is cut short", () => {
  it.each([
    // Every sample is 2048 bytes: header and picture, header and JSON.
    ["in a picture", 2048 * 2 + 512 + 3, ["000000 png,json", "000001 png,json", "000002: the shard is cut short here"]],
    ["between a sample's files", 2048 * 2 + 1024, ["000000 png,json", "000001 png,json", "000002 png", CUT]],
    ["in a header", 2048 * 2 + 100, ["000000 png,json", "000001 png,json", ": the shard is cut short here"]],
    ["between samples", 2048 * 2, ["000000 png,json", "000001 png,json", CUT]],
    ["to nothing", 0, [CUT]],
  ])("%s", async (_, length, expected) => {
    const folder = await temporaryFolder();
    const path = join(folder, "a.tar");
    await writeCaptions(path, ["0", "1", "2", "3"]);
    await writeFile(path, (await readFile(path)).subarray(0, length));
    expect(await seen(path)).toEqual(expected);
    const found = await records(path);
    expect(await records(path, found[found.length - 1].end)).toEqual([]);
  });
});

describe("a damaged shard", () => {
  it("keeps what comes before the damage, and says where it is", async () => {
    const path = join(await temporaryFolder(), "a.tar");
    await writeCaptions(path, ["0", "1", "2", "3"]);
    const bytes = await readFile(path);
    bytes[2048 * 2 + 5] ^= 1;
    await writeFile(path, bytes);
    const damage = ": the shard is damaged here: what should be a tar header is none";
    expect(await seen(path)).toEqual(["000000 png,json", "000001 png,json", damage]);
  });

  it("that is no tar at all, or not there", async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, "a.tar"), "x".repeat(4000));
    expect(await seen(join(folder, "a.tar"))).toEqual([expect.stringMatching(/^: the shard is damaged here/)]);
    expect(await seen(join(folder, "none.tar"))).toEqual([": the shard cannot be read (ENOENT)"]);
  });
});

describe("sizes that a shard claims are bounded", () => {
  /** A tar whose first file's header says another size. */
  async function claiming(name: string, size: number, contents: string): Promise<string> {
    const path = join(await temporaryFolder(), "a.tar");
    await writeTar(path, [
      [name, contents],
      ["b.json", "{}"],
    ]);
    const bytes = await readFile(path);
    bytes.write(`${size.toString(8).padStart(11, "0")} `, 124);
    bytes.fill(" ", 148, 156);
    const sum = bytes.subarray(0, 512).reduce((total, byte) => total + byte, 0);
    bytes.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
    await writeFile(path, bytes);
    return path;
  }

  it("a picture of eight gigabytes, in a file of two kilobytes", async () => {
    expect(await seen(await claiming("a.png", 8 * 2 ** 30 - 1, "x"))).toEqual(["a: the shard is cut short here"]);
  });

  it("a picture that is there but too large is passed over", async () => {
    const size = MOST_PICTURE_BYTES + 1;
    const path = await claiming("a.png", size, "");
    const bytes = await readFile(path);
    // A hole in the file: nothing is written where the picture would be.
    const file = await open(path, "w");
    await file.write(bytes.subarray(0, 512), 0, 512, 0);
    await file.write(bytes.subarray(512), 0, bytes.length - 512, 512 + MOST_PICTURE_BYTES + 512);
    await file.close();
    expect(await seen(path)).toEqual([`a: its png takes ${size} bytes; ${MOST_PICTURE_BYTES} is the most`, "b json"]);
  });

  it("a text that is too large", async () => {
    const path = join(await temporaryFolder(), "a.tar");
    await writeTar(path, [["a.json", " ".repeat(MOST_TEXT_BYTES + 1)]]);
    expect(await seen(path)).toEqual([
      `a: its json takes ${MOST_TEXT_BYTES + 1} bytes; ${MOST_TEXT_BYTES} is the most`,
    ]);
  });

  it("more files than a sample can have, and two of one name", async () => {
    const path = join(await temporaryFolder(), "a.tar");
    const many = Array.from({ length: MOST_FIELDS + 1 }, (_, i) => [`a.${i}.png`, "x"] as const);
    await writeTar(path, [...many, ["b.png", "x"], ["b.png", "y"]]);
    expect(await seen(path)).toEqual([`a: it has more than ${MOST_FIELDS} files`, 'b: it has two files "png"']);
  });
});

describe("a shard that is being written", () => {
  it("is not there until it is finished", async () => {
    const folder = await temporaryFolder();
    const writer = await ShardWriter.open(join(folder, "a.tar"));
    await writer.add("a", [["json", json({})]]);
    expect(await readdir(folder)).not.toContain("a.tar");
    await writer.discard();
    expect(await readdir(folder)).toEqual([]);
  });

  it("says why it cannot be written", async () => {
    const folder = await temporaryFolder();
    await writeFiles(folder, { file: "" });
    const writing = async () => {
      const writer = await ShardWriter.open(join(folder, "file", "a.tar"));
      await writer.finish();
    };
    await expect(writing()).rejects.toThrow(/a\.tar": part of the path is a file, not a folder/);
  });
});
