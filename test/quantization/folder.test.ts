import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openCheckpoint, writeSharded } from "../../src/checkpoint/index.ts";
import { picture } from "../../src/image/picture.ts";
import { UniPic } from "../../src/index.ts";
import { type QuantizeOptions, quantizeFolder } from "../../src/quantization/folder.ts";
import { partPrecisions } from "../../src/quantization/precision.ts";
import { tinyWideConfig, writeTinyModel } from "../helpers/tiny-model.ts";

let place: string;
let source: string;
beforeAll(async () => {
  place = await mkdtemp(join(tmpdir(), "unipic-quantize-"));
  source = join(place, "source");
  await writeTinyModel(source, { config: tinyWideConfig });
});
afterAll(() => rm(place, { recursive: true, force: true }));

const sample = {
  prompt: "a red car on the grass",
  picture: picture(
    24,
    16,
    Uint8Array.from({ length: 24 * 16 * 3 }, (_, i) => (i * 37) % 256),
  ),
};

let count = 0;
async function quantize(options: Partial<QuantizeOptions> & { from?: string } = {}) {
  const output = join(place, `output ${count++}`);
  const full = { precisions: partPrecisions("int8"), threads: 1, ...options };
  return { output, report: await quantizeFolder(options.from ?? source, output, full) };
}

const draw = async (folder: string) => {
  const model = await UniPic.load(folder, { threads: 1 });
  const [drawn] = await model.generate("a red car", { seed: 3, steps: 4 });
  const said = await model.describe(drawn, "What color is the car?", { maxTokens: 4 });
  await model.release();
  return { drawn, said };
};

/** Every file's bytes. */
async function contents(folder: string): Promise<Record<string, string>> {
  const names = (await readdir(folder)).sort();
  const hash = async (name: string) =>
    createHash("sha256")
      .update(await readFile(join(folder, name)))
      .digest("hex");
  return Object.fromEntries(await Promise.all(names.map(async (name) => [name, await hash(name)])));
}

describe("a folder in int8", () => {
  test("says which parts it quantised, how far they are off, and what it kept", async () => {
    const { output, report } = await quantize({ sample });
    const config = JSON.parse(await readFile(join(output, "config.json"), "utf8"));
    const parts = Object.fromEntries(["llm", "mar", "head", "siglip2", "projections"].map((part) => [part, "int8"]));
    expect(config.quantization).toEqual({ version: 1, parts });
    expect(report.parts.map(({ part }) => part)).toEqual(["head", "mar", "projections", "llm", "siglip2", "vae"]);
    for (const { part, precision, before, after, errors, quantized, kept } of report.parts) {
      if (part === "vae") {
        expect({ precision, before, errors, quantized }).toEqual({
          precision: "as stored",
          before: after,
          errors: [],
          quantized: 0,
        });
        continue;
      }
      expect(quantized).toBeGreaterThan(0);
      expect(after).toBeLessThan(0.7 * before);
      expect(errors.length).toBe({ mar: 2, projections: 3 }[part as string] ?? 1);
      for (const { error } of errors) {
        expect(error).toBeGreaterThan(1e-4);
        expect(error).toBeLessThan(0.1);
      }
      expect(kept.map(({ reason }) => reason)).toContain("vector");
    }
    const head = report.parts[0].kept.find(({ reason }) => reason === "ends");
    expect(head?.names).toContain("mar.diffloss.net.final_layer.linear.weight");
    expect(await readFile(join(output, "README.md"), "utf8")).toContain("| llm | int8 |");
  });

  test("draws a picture that does not depend on its neighbours", async () => {
    const { output } = await quantize();
    const model = await UniPic.load(output, { threads: 1 });
    const options = { steps: 3, rounds: 2 };
    const [, second] = await model.generate("a red car", { ...options, seed: 3, count: 3 });
    expect(await model.generate("a red car", { ...options, seed: 4 })).toEqual([second]);
    await model.release();
  });

  test("is the same twice, and carries the tokenizer and settings", async () => {
    const [first, second] = [await quantize({ sample }), await quantize({ sample })];
    const files = await contents(first.output);
    expect(await contents(second.output)).toEqual(files);
    const original = await contents(source);
    for (const name of ["tokenizer.json", "tokenizer_config.json", "generation_config.json"]) {
      expect(files[name]).toBe(original[name]);
    }
  });

  test("may be read from shards and written to shards", async () => {
    const sharded = join(place, "sharded");
    await mkdir(sharded);
    for (const name of await readdir(source)) {
      if (name.endsWith(".json")) await writeFile(join(sharded, name), await readFile(join(source, name)));
    }
    const reader = await openCheckpoint(source);
    const tensors = await Promise.all(reader.names().map((name) => reader.read(name)));
    await reader.close();
    await writeSharded(sharded, tensors, 200_000);
    expect((await readdir(sharded)).filter((name) => name.endsWith(".safetensors")).length).toBeGreaterThan(3);

    const one = await quantize();
    const many = await quantize({ from: sharded, maxShardBytes: 100_000 });
    expect((await readdir(many.output)).filter((name) => name.endsWith(".safetensors")).length).toBeGreaterThan(3);
    expect(many.report).toEqual(one.report);
    expect(await draw(many.output)).toEqual(await draw(one.output));
  });

  test("cannot be quantised again, and is not written over", async () => {
    const { output } = await quantize();
    await expect(quantize({ from: output })).rejects.toThrow("is quantised already; start from the model");
    const options = { precisions: partPrecisions("int8") };
    await expect(quantizeFolder(source, output, options)).rejects.toThrow(/There is something in .* already/);
    await expect(quantizeFolder(source, join(place, "no", "where"), options)).rejects.toThrow("there is no folder");
  });
});

test("a folder of another version is refused", async () => {
  const { output } = await quantize();
  const path = join(output, "config.json");
  const config = JSON.parse(await readFile(path, "utf8"));
  await writeFile(path, JSON.stringify({ ...config, quantization: { version: 9, parts: {} } }));
  await expect(UniPic.load(output)).rejects.toThrow("quantization.version is 9, and only version 1 is read here");
});

describe("other precisions", () => {
  test("int4 of the language model is further off than int8, and smaller", async () => {
    const llm = async (precision: "int8" | "int4") => {
      const { report, output } = await quantize({ precisions: { llm: precision }, sample });
      await draw(output);
      return report.parts.find(({ part }) => part === "llm")!;
    };
    const [int8, int4] = [await llm("int8"), await llm("int4")];
    expect(int4.after).toBeLessThan(0.75 * int8.after);
    expect(int4.errors[0].error).toBeGreaterThan(2 * int8.errors[0].error);
    expect(int4.errors[0].error).toBeLessThan(0.5);
  });

  test("from half to single precision and back nothing is lost", async () => {
    const wide = await quantize({ precisions: partPrecisions("fp32"), sample });
    expect(wide.report.parts.flatMap(({ errors }) => errors.map(({ error }) => error)).every((e) => e === 0)).toBe(
      true,
    );
    expect(wide.report.after).toBe(2 * wide.report.before);
    expect(JSON.parse(await readFile(join(wide.output, "config.json"), "utf8")).quantization).toBeUndefined();
    const back = await quantize({ from: wide.output, precisions: partPrecisions("fp16") });
    const weights = "model.safetensors";
    expect((await contents(back.output))[weights]).toBe((await contents(source))[weights]);
  });
});

test("stopping leaves nothing, whenever it comes", async () => {
  const before = await readdir(place);
  for (const doing of ["writing", "measuring"]) {
    const stop = new AbortController();
    const onProgress: QuantizeOptions["onProgress"] = (at) => {
      if (at.doing === doing && at.done > 0) stop.abort(new Error("enough"));
    };
    await expect(quantize({ sample, signal: stop.signal, onProgress })).rejects.toThrow("enough");
    expect(await readdir(place)).toEqual(before);
  }
});
