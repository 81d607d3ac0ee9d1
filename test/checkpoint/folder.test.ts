import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { expectTensors, modelFolder } from "../../src/checkpoint/folder.ts";
import { readJson } from "../../src/checkpoint/json.ts";
import type { StoredDType } from "../../src/checkpoint/tensor-data.ts";
import { UserError } from "../../src/errors.ts";
import { temporaryFolder } from "./temporary-folder.ts";

describe("readJson", () => {
  it("reads an object", async () => {
    const path = join(await temporaryFolder(), "a.json");
    await writeFile(path, '{"a": [1]}');
    expect(await readJson(path)).toEqual({ a: [1] });
  });

  it.each([
    ['{"a": ', /a\.json" is not valid JSON/],
    ["[1]", /should hold a JSON object/],
    ["null", /should hold a JSON object/],
    [`{"a": "${"x".repeat(100)}"}`, /109 bytes long, more than the 64/],
  ])("refuses %s", async (content, message) => {
    const path = join(await temporaryFolder(), "a.json");
    await writeFile(path, content);
    await expect(readJson(path, 64)).rejects.toThrow(message);
    await expect(readJson(path, 64)).rejects.toThrow(UserError);
  });
});

describe("modelFolder", () => {
  it("says which part is missing", async () => {
    const folder = join(await temporaryFolder(), "model");
    await expect(modelFolder(folder)).rejects.toThrow(/There is no model folder at ".*model"/);
    await mkdir(folder);
    await expect(modelFolder(folder)).rejects.toThrow(/has no config\.json, so it is not a model folder\.$/);
    await writeFile(join(folder, "pytorch_model.bin"), "");
    await expect(modelFolder(folder)).rejects.toThrow(
      /has no config\.json.* unipic import makes one from official files/,
    );
    await writeFile(join(folder, "config.json"), '{"hidden": 4}');
    await expect(modelFolder(folder)).rejects.toThrow(/has no weights/);
    await writeFile(join(folder, "model.safetensors.index.json"), "{}");
    expect((await modelFolder(folder)).weights).toBe(join(folder, "model.safetensors.index.json"));
    await writeFile(join(folder, "model.safetensors"), "");
    expect(await modelFolder(folder)).toEqual({
      path: folder,
      config: { hidden: 4 },
      weights: join(folder, "model.safetensors"),
    });
    await expect(modelFolder(join(folder, "config.json"))).rejects.toThrow(/is a file; give the model's folder/);
  });
});

describe("expectTensors", () => {
  const reader = (tensors: Record<string, [StoredDType, number[]]>) => ({
    has: (name: string) => name in tensors,
    info: (name: string) => ({ dtype: tensors[name][0], shape: tensors[name][1], file: "", offset: 0, length: 0 }),
  });
  const expected = new Map([
    ["a", [2, 3]],
    ["b", [4]],
  ]);

  it("accepts what is there, and more", () => {
    expectTensors(reader({ a: ["F32", [2, 3]], b: ["BF16", [4]], c: ["I64", [1]] }), expected);
  });

  it("names everything that is wrong", () => {
    expect(() => expectTensors(reader({ b: ["I32", [4]] }), expected)).toThrow(
      "The checkpoint does not fit the model: it lacks 1 tensor: a; it has no floating-point values in 1 tensor: b (I32).",
    );
    expect(() => expectTensors(reader({ a: ["F16", [3, 2]], b: ["F32", [4]] }), expected)).toThrow(
      /another shape for 1 tensor: a \(is \[3, 2\], should be \[2, 3\]\)/,
    );
  });

  it("names only the first few of many", () => {
    const many = new Map(Array.from({ length: 100 }, (_, i) => [`layer.${i}`, [1]]));
    expect(() => expectTensors(reader({}), many)).toThrow(/lacks 100 tensors: layer\.0, .*layer\.4 and 95 more\./);
  });
});
