import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openWeights, type StreamedTensor, writeSafetensors, writeSharded } from "../../src/checkpoint/index.ts";
import { isSameTensor } from "../../src/checkpoint/same-tensor.ts";
import { writeTorchFile } from "../helpers/torch-writer.ts";
import { temporaryFolder } from "./temporary-folder.ts";

/** A tensor of bytes that comes in pieces. */
const streamed = (name: string, shape: number[], pieces: number[][]): StreamedTensor => ({
  name,
  dtype: "BF16",
  shape,
  pieces: () => pieces.map((piece) => Uint8Array.from(piece)),
});
const a = streamed(
  "a",
  [3],
  [
    [1, 2],
    [3, 4, 5, 6],
  ],
);
const b = streamed("b", [2, 1], [[7, 8, 9, 10]]);

async function contents(path: string): Promise<Record<string, number[]>> {
  const file = await openWeights(path);
  const found: Record<string, number[]> = {};
  for (const [name, tensor] of file.tensors) {
    found[name] = [];
    for await (const piece of tensor.pieces()) found[name].push(...piece);
  }
  await file.close();
  return found;
}

describe("writing tensors that come in pieces", () => {
  it("puts the pieces together and counts them", async () => {
    const folder = await temporaryFolder();
    const counts: number[] = [];
    await writeSharded(folder, [a, b], 6, { onBytes: (count) => counts.push(count) });
    expect(counts).toEqual([2, 4, 4]);
    expect(await contents(folder)).toEqual({ a: [1, 2, 3, 4, 5, 6], b: [7, 8, 9, 10] });
  });

  it.each([
    [[[1, 2]], /"x" needs 6 bytes but has 2/],
    [[[1, 2, 3, 4, 5, 6], [7]], /"x" needs 6 bytes but has 7/],
  ])("refuses %j where six bytes belong", async (pieces, message) => {
    const folder = await temporaryFolder();
    await expect(writeSharded(folder, [streamed("x", [3], pieces)], 1e9)).rejects.toThrow(message);
    expect(await readdir(folder)).toEqual([]);
  });

  it("stops between two pieces and leaves nothing", async () => {
    const folder = await temporaryFolder();
    const controller = new AbortController();
    const options = { signal: controller.signal, onBytes: () => controller.abort(new Error("enough")) };
    await expect(writeSharded(folder, [a, b], 6, options)).rejects.toThrow("enough");
    expect(await readdir(folder)).toEqual([]);
  });
});

describe("openWeights", () => {
  it("reads every form as the same", async () => {
    const folder = await temporaryFolder();
    const expected = { a: [1, 2, 3, 4, 5, 6], b: [7, 8, 9, 10] };
    await writeSafetensors(join(folder, "x.safetensors"), [a, b]);
    await writeTorchFile(join(folder, "x.ckpt"), [a, b], { under: "model" });
    await writeTorchFile(join(folder, "one.bin"), [a]);
    await writeTorchFile(join(folder, "two.bin"), [b]);
    const index = { weight_map: { a: "one.bin", b: "two.bin" } };
    await writeFile(join(folder, "x.bin.index.json"), JSON.stringify(index));
    for (const name of ["x.safetensors", "x.ckpt", "x.bin.index.json"]) {
      expect(await contents(join(folder, name))).toEqual(expected);
    }
    await writeFile(join(folder, "y.bin.index.json"), JSON.stringify({ weight_map: { a: "two.bin" } }));
    await expect(openWeights(join(folder, "y.bin.index.json"))).rejects.toThrow(/"a" is in "two\.bin", but it is not/);
    await writeFile(join(folder, "z.bin.index.json"), JSON.stringify({ weight_map: { a: "../two.bin" } }));
    await expect(openWeights(join(folder, "z.bin.index.json"))).rejects.toThrow(/not the plain name of a \.bin file/);
  });

  it("gives a strided tensor in pieces as it gives it whole", async () => {
    // 3 million elements that are transposed: more than one piece.
    const [rows, columns] = [2000, 1500];
    const values = Float32Array.from({ length: rows * columns }, (_, i) => i);
    const { concatenate, dictionaryPickle, tensorPickle, torchZip } = await import("./build-torch-file.ts");
    const pickle = dictionaryPickle({
      w: tensorPickle({ elements: values.length, shape: [columns, rows], strides: [1, columns] }),
    });
    const path = join(await temporaryFolder(), "w.pt");
    await writeFile(path, torchZip(pickle, { 0: new Uint8Array(values.buffer) }));
    const file = await openWeights(path);
    const pieces: Uint8Array[] = [];
    for await (const piece of file.tensors.get("w")!.pieces()) pieces.push(piece);
    await file.close();
    expect(pieces.length).toBeGreaterThan(1);
    const got = new Float32Array(concatenate(...pieces).buffer);
    expect(got.length).toBe(values.length);
    expect(got.every((value, i) => value === (i % rows) * columns + Math.floor(i / rows))).toBe(true);
  });
});

it("tells whether tensors are the same", async () => {
  expect(await isSameTensor(a, { ...a, name: "other" })).toBe(true);
  expect(await isSameTensor(a, { ...a, shape: [1, 3] })).toBe(false);
  expect(
    await isSameTensor(
      a,
      streamed(
        "a",
        [3],
        [
          [1, 2],
          [3, 4, 5, 7],
        ],
      ),
    ),
  ).toBe(false);
  expect(await isSameTensor(a, streamed("a", [3], [[1, 2]]))).toBe(false);
});
