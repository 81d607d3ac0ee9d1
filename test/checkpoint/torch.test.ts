import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parseSafetensors } from "../../src/checkpoint/safetensors.ts";
import { readTorchFile, TorchTensor } from "../../src/checkpoint/torch.ts";
import { UserError } from "../../src/errors.ts";
import {
  concatenate,
  dictionaryPickle,
  op,
  type TensorShape,
  tensorPickle,
  torchZip,
  zip,
} from "./build-torch-file.ts";
import { temporaryFolder } from "./temporary-folder.ts";

const fixture = (name: string) => join(import.meta.dirname, "fixtures", name);
const files = ["golden.bin", "golden_nested.bin", "golden_legacy.bin", "golden_nested_legacy.bin"];

const floats = (...values: number[]) => new Uint8Array(Float32Array.from(values).buffer);
const single = (tensor: TensorShape) => dictionaryPickle({ w: tensorPickle(tensor) });
const matrix: TensorShape = { elements: 6, shape: [2, 3], strides: [3, 1] };

async function failure(file: Uint8Array): Promise<string> {
  const error = await readTorchFile(file).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(UserError);
  return (error as UserError).message;
}

describe("files that torch has written", () => {
  it.each(files)("reads %s bit for bit", async (name) => {
    const expected = parseSafetensors(await readFile(fixture("ckpt_expected.safetensors"))).tensors;
    const file = await readTorchFile(fixture(name));
    const tensors = file.tensors();
    expect([...tensors.keys()].sort()).toEqual([...expected.keys()].sort());
    expect(tensors.size).toBeGreaterThan(15);
    for (const [tensorName, { dtype, shape, bytes }] of tensors) {
      const wanted = expected.get(tensorName)!;
      expect({ tensorName, dtype, shape }).toEqual({ tensorName, dtype: wanted.dtype, shape: wanted.shape });
      expect(Buffer.from(bytes).equals(wanted.bytes), tensorName).toBe(true);
    }
    await file.close();
  });

  it.each(files)("reads %s from memory as from the file", async (name) => {
    const fromFile = await readTorchFile(fixture(name));
    // Room in front makes every offset odd.
    const bytes = concatenate([0], await readFile(fixture(name))).subarray(1);
    const fromMemory = await readTorchFile(bytes);
    for (const [tensorName, tensor] of fromFile.tensors()) {
      expect(Buffer.from(tensor.bytes).equals(fromMemory.tensors().get(tensorName)!.bytes)).toBe(true);
    }
    await fromFile.close();
  });

  it.each(["golden_nested.bin", "golden_nested_legacy.bin"])("gives the plain values of %s", async (name) => {
    const { root, close } = await readTorchFile(fixture(name));
    const values = root as Map<string, unknown>;
    expect(values.get("epoch")).toBe(3);
    expect(values.get("lr")).toBe(0.0001);
    expect(values.get("tag")).toBe("golden");
    expect(values.get("betas")).toEqual([0.9, 0.95]);
    expect(values.get("none")).toBe(null);
    expect(values.get("flag")).toBe(true);
    const list = values.get("list") as unknown[];
    expect(list.slice(0, 3)).toEqual([1, 2.5, "x"]);
    expect(list[3]).toBeInstanceOf(TorchTensor);
    await close();
  });

  it.each(files)("never breaks on a shortened %s, and always says so", async (name) => {
    const bytes = await readFile(fixture(name));
    for (let length = 0; length < bytes.length; length += 23) await failure(bytes.subarray(0, length));
    await failure(bytes.subarray(0, bytes.length - 1));
  });
});

describe("names", () => {
  it("joins the keys of deeper dictionaries", async () => {
    const inner = concatenate(op.emptyDictionary, op.mark, op.string("weight"), tensorPickle(matrix), op.setItems);
    const file = await readTorchFile(
      torchZip(dictionaryPickle({ layer: inner, step: op.integer(4) }), { 0: floats(1, 2, 3, 4, 5, 6) }),
    );
    expect([...file.tensors().keys()]).toEqual(["layer.weight"]);
    expect(file.tensors().get("layer.weight")).toMatchObject({ name: "layer.weight", dtype: "F32", shape: [2, 3] });
  });

  it("takes the dictionary under state_dict", async () => {
    const inner = concatenate(op.emptyDictionary, op.mark, op.string("w"), tensorPickle(matrix), op.setItems);
    const file = await readTorchFile(
      torchZip(dictionaryPickle({ state_dict: inner }), { 0: floats(1, 2, 3, 4, 5, 6) }),
    );
    expect([...file.tensors().keys()]).toEqual(["w"]);
  });

  it("ends on a dictionary that contains itself", async () => {
    const self = concatenate(
      op.proto,
      op.emptyDictionary,
      [0x71, 0],
      op.mark,
      op.string("self"),
      [0x68, 0],
      op.setItems,
      op.stop,
    );
    const file = await readTorchFile(torchZip(self));
    expect(() => file.tensors()).toThrow(/nested too deeply/);
  });
});

describe("zip files", () => {
  it("reads ZIP64 records", async () => {
    const bytes = torchZip(single(matrix), { 0: floats(1, 2, 3, 4, 5, 6) }, { zip64: true });
    const path = join(await temporaryFolder(), "x.pt");
    await writeFile(path, bytes);
    const file = await readTorchFile(path);
    expect(file.tensors().get("w")!.bytes).toEqual(floats(1, 2, 3, 4, 5, 6));
    await file.close();
  });

  it("refuses compressed entries", async () => {
    expect(await failure(torchZip(single(matrix), {}, { method: 8 }))).toMatch(/"archive\/data.pkl".*compressed/);
  });

  it("refuses a zip file of something else, and big-endian data", async () => {
    expect(await failure(zip({ "readme.txt": floats(1) }))).toMatch(/no data.pkl/);
    const big = new TextEncoder().encode("big");
    expect(await failure(zip({ "a/data.pkl": single(matrix), "a/byteorder": big }))).toMatch(/big byte order/);
  });

  it("refuses two entries of the same name", async () => {
    const bytes = torchZip(single(matrix), { 0: floats(1, 2, 3, 4, 5, 6), 1: floats(1) });
    const mark = Buffer.from(bytes).lastIndexOf("archive/data/1") + "archive/data/".length;
    bytes[mark] = "0".charCodeAt(0);
    expect(await failure(bytes)).toMatch(/two entries named "archive\/data\/0"/);
  });

  it("refuses an entry that claims more bytes than the file has", async () => {
    const bytes = torchZip(single(matrix), { 0: floats(1, 2, 3, 4, 5, 6) }, { zip64: true });
    const mark = Buffer.from(bytes).lastIndexOf("archive/version") + "archive/version".length + 4;
    new DataView(bytes.buffer).setBigUint64(mark, 2n ** 60n, true);
    expect(await failure(bytes)).toMatch(/cut short.*"archive\/version"/);
  });
});

describe("wrong tensors", () => {
  const data = { 0: floats(1, 2, 3, 4, 5, 6) };
  it.each<[string, TensorShape, RegExp]>([
    ["reach past the storage", { ...matrix, offset: 1 }, /\[2, 3\] reaches past the end of storage "0", which has 6/],
    ["have strides that reach past it", { ...matrix, strides: [4, 1] }, /reaches past the end/],
    ["claim more elements than are stored", { ...matrix, elements: 7 }, /Storage "0".*should have 28 bytes but has 24/],
    [
      "are made larger than the file by strides of zero",
      { ...matrix, shape: [2 ** 19], strides: [0] },
      /far more than/,
    ],
    ["use a storage that is not there", { ...matrix, storage: "../1" }, /lacks storage "..\/1"/],
    ["have fewer strides than sizes", { ...matrix, strides: [1] }, /not whole numbers of zero or more/],
    [
      "ask for all memory with strides of zero",
      { ...matrix, shape: [2 ** 40], strides: [0] },
      /far more than its storage/,
    ],
    [
      "have a size that is too large to multiply",
      { ...matrix, shape: [2 ** 52, 2 ** 52], strides: [1, 1] },
      /past the end/,
    ],
  ])("refuses tensors that %s", async (_, tensor, message) => {
    expect(await failure(torchZip(single(tensor), data))).toMatch(message);
  });

  it("expands strides of zero when the result is small", async () => {
    const file = await readTorchFile(torchZip(single({ ...matrix, offset: 1, shape: [2, 2], strides: [0, 2] }), data));
    expect(file.tensors().get("w")!.bytes).toEqual(floats(2, 4, 2, 4));
  });
});

/** A list of `length` pairs, made into a dictionary `times` times. */
const copies = (length: number, times: number) => [
  concatenate([0x5d, 0x71, 0], op.mark, ...new Array(length).fill([0x29, 0x29, 0x86]), [0x65, 0x30]),
  op.global("collections", "OrderedDict"),
  [0x71, 1, 0x30],
  ...new Array(times).fill([0x68, 1, 0x68, 0, 0x85, 0x52]),
];

/** A list that holds a list twice, which holds a list twice, and so on: 2^40 elements when written out. */
const doubled = concatenate([0x5d, 0x71, 5], ...new Array(40).fill([0x30, 0x68, 5, 0x68, 5, 0x86, 0x71, 5]));

describe("hostile pickles", () => {
  const call = (module: string, name: string) =>
    concatenate(op.proto, op.global(module, name), op.mark, op.string("echo hacked"), op.tuple, op.reduce, op.stop);

  it.each([
    ["posix", "system"],
    ["builtins", "eval"],
    ["torch", "load"],
    ["constructor", "constructor"],
  ])("refuses %s.%s by name", async (module, name) => {
    expect(await failure(torchZip(call(module, name)))).toContain(`"${module}.${name}"`);
  });

  it("refuses a global taken from the stack", async () => {
    const pickle = concatenate([0x80, 4], op.string("posix"), op.string("system"), [0x93], op.stop);
    expect(await failure(torchZip(pickle))).toContain(`"posix.system"`);
  });

  it("refuses a hostile global in a legacy file", async () => {
    const legacy = await readFile(fixture("golden_legacy.bin"));
    expect(await failure(concatenate(legacy.subarray(0, 137), call("posix", "system")))).toContain(`"posix.system"`);
  });

  it.each<[string, (Uint8Array | number[])[], RegExp]>([
    ["calling a value", [op.string("x"), op.emptyTuple, op.reduce], /calls something that is not a function/],
    ["taking from an empty stack", [op.reduce], /takes values that are not there/],
    ["taking from below a mark", [op.string("x"), op.mark, [0x85]], /takes values that are not there/],
    ["ending what was not begun", [op.tuple], /has not begun/],
    ["a key without a value", [op.emptyDictionary, op.mark, op.string("k"), op.setItems], /key without a value/],
    ["a value that was not stored", [[0x68, 9]], /value 9, which it has not stored/],
    ["a text longer than the file", [[0x58, 0xff, 0xff, 0xff, 0xff]], /cut short/],
    ["bytes longer than any file", [[0x8e, 255, 255, 255, 255, 255, 255, 255, 127]], /cut short/],
    ["a huge whole number", [[0x8b, 0, 0, 1, 0]], /whole number of 65536 bytes/],
    ["setting attributes of a list", [[0x5d], op.emptyDictionary, [0x62]], /sets attributes/],
    ["an opcode that builds instances", [[0x69]], /opcode 0x69 at byte 2/],
    ["another kind of persistent id", [op.string("file:///secret"), op.persistent], /not a storage of numbers/],
    ["a dictionary for each byte", [new Array(200_001).fill(0x5d)], /more than 200000 collections/],
    ["the same list copied over and over", copies(1000, 300), /more than 200000 collections/],
    ["a global named by a list", [[0x5d, 0x5d, 0x93]], /names a global by something that is not a text/],
  ])("refuses %s", async (_, parts, message) => {
    expect(await failure(torchZip(concatenate(op.proto, ...parts, op.stop)))).toMatch(message);
  });

  it("refuses a key that would be endless as a text, and does not write it out", async () => {
    const value = concatenate(op.emptyDictionary, op.mark, doubled, tensorPickle(matrix), op.setItems);
    const file = await readTorchFile(torchZip(concatenate(op.proto, value, op.stop), { 0: floats(1, 2, 3, 4, 5, 6) }));
    expect(() => file.tensors()).toThrow(
      /under the key \[\[\.\.\.\],\[\.\.\.\]\], which is neither a text nor a number/,
    );
  });

  it("does not write out what a device is made of", async () => {
    const device = concatenate(op.global("torch", "device"), op.string("cuda"), doubled, [0x86], op.reduce);
    const file = await readTorchFile(torchZip(dictionaryPickle({ place: device })));
    expect((file.root as Map<string, unknown>).get("place")).toBe("cuda");
  });

  it("survives any single wrong byte in the files that torch has written", async () => {
    for (const name of files) {
      const original = await readFile(fixture(name));
      for (let at = 0; at < original.length; at += 7) {
        const bytes = Uint8Array.from(original);
        bytes[at] ^= 0x55;
        try {
          for (const tensor of (await readTorchFile(bytes)).tensors().values()) tensor.bytes.byteLength;
        } catch (error) {
          expect(error, `byte ${at} of ${name}`).toBeInstanceOf(UserError);
        }
      }
    }
  });
});

describe("other files", () => {
  it("are refused with their path", async () => {
    const path = join(await temporaryFolder(), "notes.txt");
    await writeFile(path, "just some text");
    await expect(readTorchFile(path)).rejects.toThrow(/notes.txt" is not a file that torch.save has written/);
    await expect(readTorchFile(`${path}.gone`)).rejects.toThrow(/There is no file at/);
  });

  it("name the file when the pickle is at fault", async () => {
    const path = join(await temporaryFolder(), "bad.pt");
    await writeFile(path, torchZip(Uint8Array.from(op.proto)));
    await expect(readTorchFile(path)).rejects.toThrow(/bad.pt".*pickle is cut short/);
  });
});
