/**
 * Two thousand damaged files, from a seed: each is either refused with one sentence, or read into tensors whose bytes fit their shapes. It
 * never takes more memory at once than the file has (beside a small constant), and never goes on for ever, which would be seen by this
 * file not ending.
 */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import {
  openCheckpoint,
  parseSafetensors,
  serializeSafetensors,
  writeSafetensors,
} from "../../src/checkpoint/safetensors.ts";
import { byteLength, type StoredTensor } from "../../src/checkpoint/tensor-data.ts";
import { readTorchFile } from "../../src/checkpoint/torch.ts";
import { UserError } from "../../src/errors.ts";
import { Random } from "../../src/random.ts";
import { dictionaryPickle, tensorPickle, torchZip } from "./build-torch-file.ts";
import { damageBytes, damageJson, damagePickle, nearMark, overwriteInteger } from "./mutations.ts";
import { temporaryFolder } from "./temporary-folder.ts";

const fixture = (name: string) => readFile(join(import.meta.dirname, "fixtures", name));

/** Memory that a reader may take beyond the file's own size. */
const SLACK = 2 ** 20;
/** A message longer than this is no sentence. */
const LONGEST_MESSAGE = 1000;

const counts = { read: 0, refused: 0 };

/** Reads everything, and checks what came of it: tensors, or a sentence with the file's name in it. */
async function survive(
  size: number,
  read: () => Promise<Iterable<StoredTensor>>,
  label = "the given bytes",
): Promise<void> {
  const restore = limitAllocations(size + SLACK);
  try {
    for (const { name, dtype, shape, bytes } of await read()) {
      if (bytes.byteLength !== byteLength(dtype, shape)) throw new Error(`${name} has ${bytes.byteLength} bytes.`);
    }
    counts.read++;
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    expect(error.message).toContain(label);
    expect(error.message.length).toBeLessThan(LONGEST_MESSAGE);
    counts.refused++;
  } finally {
    restore();
  }
}

/** Makes every larger allocation of bytes an error, until the function that is returned is called. */
function limitAllocations(limit: number): () => void {
  const Original = globalThis.Uint8Array;
  globalThis.Uint8Array = new Proxy(Original, {
    construct(target, [first, ...rest], newTarget) {
      if (typeof first === "number" && !(first <= limit)) throw new Error(`${first} bytes were asked for at once.`);
      return Reflect.construct(target, [first, ...rest], newTarget);
    },
  });
  return () => {
    globalThis.Uint8Array = Original;
  };
}

const tensor = (name: string, shape: number[]): StoredTensor => {
  const bytes = new Uint8Array(byteLength("F32", shape)).fill(7);
  return { name, dtype: "F32", shape, bytes };
};
const sample = [tensor("a.weight", [4, 8]), tensor("b", []), tensor("c", [0, 3]), tensor("d", [3])];
const memory = (file: Uint8Array) => survive(file.length, async () => parseSafetensors(file).tensors.values());
const torch = (file: Uint8Array) => survive(file.length, async () => (await readTorchFile(file)).tensors().values());

/** A safetensors file with another header; `honest` writes the header's true length in front. */
function withHeader(file: Uint8Array, change: (json: unknown) => unknown): Uint8Array {
  const length = Number(new DataView(file.buffer, file.byteOffset).getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(file.subarray(8, 8 + length)));
  const json = Buffer.from(JSON.stringify(change(header)) ?? "");
  const head = new Uint8Array(8);
  new DataView(head.buffer).setBigUint64(0, BigInt(json.length), true);
  return new Uint8Array(Buffer.concat([head, json, file.subarray(8 + length)]));
}

describe("damaged files", () => {
  it("safetensors: headers, offsets, shapes", async () => {
    const random = new Random(1);
    const good = serializeSafetensors(sample);
    for (let i = 0; i < 750; i++) {
      const broken = i % 2 === 0 ? damageBytes(random, good) : withHeader(good, (json) => damageJson(random, json));
      await memory(broken);
    }
  });

  it("shards and their index", async () => {
    const random = new Random(2);
    const folder = await temporaryFolder();
    const index = join(folder, "model.safetensors.index.json");
    const map = { "a.weight": "one.safetensors", b: "one.safetensors", c: "two.safetensors", d: "two.safetensors" };
    await writeSafetensors(join(folder, "one.safetensors"), sample.slice(0, 2));
    await writeSafetensors(join(folder, "two.safetensors"), sample.slice(2));
    for (let i = 0; i < 150; i++) {
      const json = { metadata: { total_size: 1 }, weight_map: map };
      const text = Buffer.from(JSON.stringify(i % 3 === 0 ? json : damageJson(random, json)) ?? "");
      await writeFile(index, i % 3 === 0 ? damageBytes(random, text) : text);
      const read = async () => {
        const reader = await openCheckpoint(folder);
        try {
          return await Promise.all(reader.names().map((name) => reader.read(name)));
        } finally {
          await reader.close();
        }
      };
      await survive(text.length + 1000, read, folder);
    }
  });

  it("torch zip files: the directory and the headers", async () => {
    const random = new Random(3);
    const matrix = { elements: 6, shape: [2, 3], strides: [3, 1] };
    const pickle = dictionaryPickle({ w: tensorPickle(matrix) });
    const data = { 0: new Uint8Array(24).fill(1) };
    const files = [await fixture("golden.bin"), torchZip(pickle, data), torchZip(pickle, data, { zip64: true })].map(
      (file) => Uint8Array.from(file),
    );
    const signatures = [3, 1, 5, 6, 7].map((kind) => [0x50, 0x4b, kind]);
    for (let i = 0; i < 500; i++) {
      const file = random.pick(files);
      const at = () => nearMark(random, file, random.pick(signatures), 56);
      await torch(i % 3 === 0 ? damageBytes(random, file) : overwriteInteger(random, file.slice(), at()));
    }
  });

  it("pickles in zip files", async () => {
    const random = new Random(4);
    const strided = { elements: 12, offset: 1, shape: [2, 3], strides: [1, 4] };
    const pickle = dictionaryPickle({ a: tensorPickle(strided), b: tensorPickle({ ...strided, storage: "1" }) });
    const data = { 0: new Uint8Array(48).fill(1), 1: new Uint8Array(48).fill(2) };
    for (let i = 0; i < 300; i++) await torch(torchZip(damagePickle(random, pickle), data));
  });

  it("legacy files", async () => {
    const random = new Random(5);
    const files = [await fixture("golden_legacy.bin"), await fixture("golden_nested_legacy.bin")];
    for (let i = 0; i < 300; i++) await torch(damagePickle(random, Uint8Array.from(random.pick(files))));
  });

  it("were two thousand, most of them refused and some of them still readable", () => {
    expect(counts.read + counts.refused).toBe(2000);
    expect(counts.refused).toBeGreaterThan(1000);
    expect(counts.read).toBeGreaterThan(100);
  });
});
