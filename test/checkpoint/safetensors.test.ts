import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import {
  openCheckpoint,
  openSafetensors,
  parseSafetensors,
  serializeSafetensors,
  writeSafetensors,
  writeSharded,
} from "../../src/checkpoint/safetensors.ts";
import type { StoredTensor } from "../../src/checkpoint/tensor-data.ts";
import { UserError } from "../../src/errors.ts";
import { temporaryFolder } from "./temporary-folder.ts";

const float = (name: string, shape: number[], values: number[]): StoredTensor => ({
  name,
  dtype: "F32",
  shape,
  bytes: new Uint8Array(Float32Array.from(values).buffer),
});
const flags: StoredTensor = { name: "flags", dtype: "BOOL", shape: [3], bytes: Uint8Array.of(1, 0, 1) };
const sample = () => [
  flags,
  float("a.weight", [2, 2], [1, 2, 3, 4]),
  float("scalar", [], [7]),
  float("empty", [0, 4], []),
  float("größe 🖼", [1], [9]),
  float("__proto__", [1], [5]),
];

/** A file with this header, followed by `dataLength` zero bytes. */
function fileWith(header: unknown, dataLength: number): Uint8Array {
  const json = new TextEncoder().encode(typeof header === "string" ? header : JSON.stringify(header));
  const file = new Uint8Array(8 + json.length + dataLength);
  new DataView(file.buffer).setBigUint64(0, BigInt(json.length), true);
  file.set(json, 8);
  return file;
}
const entry = (start: number, end: number, shape = [(end - start) / 4]) => ({
  dtype: "F32",
  shape,
  data_offsets: [start, end],
});

describe("writing and reading", () => {
  it("gives back what was written, in memory", () => {
    const { tensors, metadata } = parseSafetensors(serializeSafetensors(sample(), { format: "pt", made: "by a test" }));
    expect(metadata).toEqual({ format: "pt", made: "by a test" });
    for (const tensor of sample()) expect(tensors.get(tensor.name)).toEqual(tensor);
    expect(tensors.size).toBe(sample().length);
  });

  it("gives back what was written, from a file", async () => {
    const path = join(await temporaryFolder(), "x.safetensors");
    await writeSafetensors(path, sample());
    expect(new Uint8Array(await readFile(path))).toEqual(serializeSafetensors(sample()));
    const file = await openSafetensors(path);
    for (const tensor of sample()) expect(await file.read(tensor.name)).toEqual(tensor);
    const { offset, length } = file.entries.get("a.weight")!;
    expect((await readFile(path)).subarray(offset, offset + length)).toEqual(Buffer.from(sample()[1].bytes));
    await expect(file.read("nothing")).rejects.toThrow(/no tensor "nothing"/);
    await file.close();
  });

  it("lays every tensor at a multiple of its element size", async () => {
    const path = join(await temporaryFolder(), "x.safetensors");
    await writeSafetensors(path, sample());
    const file = await openSafetensors(path);
    for (const [name, { dtype, offset }] of file.entries)
      expect([name, offset % (dtype === "F32" ? 4 : 1)]).toEqual([name, 0]);
    expect(Math.min(...[...file.entries.values()].map((place) => place.offset)) % 8).toBe(0);
    await file.close();
  });

  it("reads the bytes of each tensor once, when its turn comes", async () => {
    const path = join(await temporaryFolder(), "x.safetensors");
    const reads: string[] = [];
    const lazy = ["a", "b"].map((name) => ({
      name,
      dtype: "U8" as const,
      shape: [1],
      get bytes() {
        reads.push(name);
        return Uint8Array.of(1);
      },
    }));
    await writeSafetensors(path, lazy);
    expect(reads).toEqual(["a", "b"]);
  });

  it("leaves the old file and nothing else when writing fails", async () => {
    const folder = await temporaryFolder();
    const path = join(folder, "x.safetensors");
    await writeSafetensors(path, [flags]);
    const broken = [float("ok", [1], [1]), float("broken", [3], [1])];
    await expect(writeSafetensors(path, broken)).rejects.toThrow(/"broken" of shape \[3\].*12 bytes but has 4/);
    expect(await readdir(folder)).toEqual(["x.safetensors"]);
    expect(new Uint8Array(await readFile(path))).toEqual(serializeSafetensors([flags]));
  });

  it("refuses a name that is used twice or reserved", () => {
    expect(() => serializeSafetensors([flags, flags])).toThrow(/"flags" is used twice/);
    expect(() => serializeSafetensors([{ ...flags, name: "__metadata__" }])).toThrow(/"__metadata__" is reserved/);
  });
});

describe("damaged files", () => {
  const good = serializeSafetensors(sample());
  const longHeader = new Uint8Array(16);
  new DataView(longHeader.buffer).setBigUint64(0, 2n ** 63n, true);
  const deep = `{"w":{"dtype":"F32","shape":${"[".repeat(50_000)}${"]".repeat(50_000)},"data_offsets":[0,0]}}`;
  const cases: [string, Uint8Array, RegExp][] = [
    ["an empty file", new Uint8Array(0), /only 0 bytes/],
    ["a huge header length", longHeader, /claims a header of 9223372036854775808 bytes/],
    ["a header longer than the file", good.subarray(0, 40), /cut short or not a safetensors file/],
    ["a header that is not JSON", fileWith("{oh no", 0), /not valid JSON/],
    ["a header that is a list", fileWith([], 0), /not a JSON object/],
    ["metadata that are not strings", fileWith({ __metadata__: { a: 1 } }, 0), /"__metadata__"/],
    ["a shape nested deeper than a stack", fileWith(deep, 0), /"w".*shape \[\[\.\.\.\]\]/],
    [
      "more sizes than any tensor has",
      fileWith({ w: { ...entry(0, 4), shape: new Array(65).fill(1) } }, 4),
      /"w".*shape/,
    ],
    [
      "sizes that overflow beside a zero",
      fileWith({ w: { ...entry(0, 4), shape: [2 ** 52, 2 ** 52, 0] } }, 4),
      /need 0/,
    ],
    ["an unknown type", fileWith({ w: { ...entry(0, 4), dtype: "F4" } }, 4), /"w".*element type "F4"/],
    ["a type inherited from Object", fileWith({ w: { ...entry(0, 4), dtype: "toString" } }, 4), /"w".*element type/],
    ["a negative size", fileWith({ w: { ...entry(0, 4), shape: [-1] } }, 4), /"w".*shape \[-1\]/],
    ["an entry that is null", fileWith({ w: null }, 4), /"w"/],
    ["offsets the wrong way round", fileWith({ w: entry(4, 0, [1]) }, 4), /"w".*offsets \[4,0\]/],
    ["a length that does not fit the shape", fileWith({ w: entry(0, 8, [3]) }, 8), /"w".*takes 8 bytes.*need 12/],
    ["a shape too large to multiply", fileWith({ w: entry(0, 8, [2 ** 52, 2 ** 52]) }, 8), /"w".*takes 8 bytes/],
    ["an overlap", fileWith({ v: entry(0, 8), w: entry(4, 12) }, 12), /"w".*overlaps the tensor before it by 4 bytes/],
    ["a gap", fileWith({ v: entry(0, 4), w: entry(8, 12) }, 12), /"w".*starts 4 bytes after/],
    ["missing data", fileWith({ v: entry(0, 4), w: entry(4, 12) }, 8), /"w".*ends 4 bytes after the end of the file/],
    ["trailing data", fileWith({ w: entry(0, 4) }, 9), /5 bytes after its last tensor/],
  ];
  it.each(cases)("names %s", async (_, bytes, message) => {
    expect(() => parseSafetensors(bytes)).toThrow(message);
    expect(() => parseSafetensors(bytes)).toThrow(UserError);
    const path = join(await temporaryFolder(), "x.safetensors");
    await writeFile(path, bytes);
    await expect(openSafetensors(path)).rejects.toThrow(message);
  });

  it("names a missing file and a folder", async () => {
    const folder = await temporaryFolder();
    await expect(openSafetensors(join(folder, "no"))).rejects.toThrow(/There is no file at ".*no"/);
    await expect(openSafetensors(folder)).rejects.toThrow(UserError);
    // Not a file though not a folder; a pipe would even wait for ever.
    if (process.platform !== "win32") await expect(openSafetensors("/dev/zero")).rejects.toThrow(/is not a file/);
  });
});

describe("openCheckpoint", () => {
  it("reads a single file, by itself or in its folder", async () => {
    const folder = await temporaryFolder();
    await writeSharded(folder, sample(), 1e9);
    expect(await readdir(folder)).toEqual(["model.safetensors"]);
    for (const path of [folder, join(folder, "model.safetensors")]) {
      const reader = await openCheckpoint(path);
      expect(reader.names().sort()).toEqual(
        sample()
          .map((tensor) => tensor.name)
          .sort(),
      );
      expect(reader.info("a.weight")).toMatchObject({
        shape: [2, 2],
        file: join(folder, "model.safetensors"),
        length: 16,
      });
      expect(await reader.read("a.weight")).toEqual(sample()[1]);
      await reader.close();
    }
  });

  it("reads shards, and a later write removes those it does not use", async () => {
    const folder = await temporaryFolder();
    await writeSharded(folder, [flags], 1e9);
    await writeSharded(folder, sample(), 20);
    const names = await readdir(folder);
    expect(names).toContain("model.safetensors.index.json");
    expect(names).not.toContain("model.safetensors");
    expect(names.length).toBeGreaterThan(2);
    const reader = await openCheckpoint(folder);
    for (const tensor of sample()) expect(await reader.read(tensor.name)).toEqual(tensor);
    expect(reader.has("nothing")).toBe(false);
    expect(() => reader.info("nothing")).toThrow(UserError);
    await reader.close();
    await writeSharded(folder, [flags], 1e9);
    expect(await readdir(folder)).toEqual(["model.safetensors"]);
  });

  it("leaves no shard behind when a later one fails", async () => {
    const folder = await temporaryFolder();
    const broken = [float("ok", [1], [1]), float("broken", [3], [1])];
    await expect(writeSharded(folder, broken, 4)).rejects.toThrow(/"broken"/);
    expect(await readdir(folder)).toEqual([]);
  });

  const index = (weightMap: unknown) => JSON.stringify({ weight_map: weightMap });
  it.each([
    ["a path out of the folder", index({ w: "../secret.safetensors" }), /"w" in "..\/secret.safetensors"/],
    ["an absolute path", index({ w: "/etc/x.safetensors" }), /"w" in/],
    ["a Windows path", index({ w: "..\\x.safetensors" }), /"w" in/],
    ["another kind of file", index({ w: "config.json" }), /"w" in "config.json"/],
    ["something that is no name", index({ w: 3 }), /"w" in 3/],
    ["no map", "{}", /"weight_map"/],
    ["a missing shard", index({ w: "gone.safetensors" }), /There is no file at .*gone.safetensors/],
    ["a shard without the tensor", index({ w: "s.safetensors" }), /"w" is in "s.safetensors", but it is not/],
  ])("refuses an index with %s", async (_, json, message) => {
    const folder = await temporaryFolder();
    await writeSafetensors(join(folder, "s.safetensors"), [flags]);
    await writeFile(join(folder, "model.safetensors.index.json"), json);
    await expect(openCheckpoint(folder)).rejects.toThrow(message);
  });

  it("says what is missing", async () => {
    const folder = await temporaryFolder();
    await expect(openCheckpoint(folder)).rejects.toThrow(/has no weights/);
    await expect(openCheckpoint(join(folder, "gone"))).rejects.toThrow(/no checkpoint at/);
  });
});
