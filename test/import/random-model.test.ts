import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openCheckpoint, type StoredTensor } from "../../src/checkpoint/index.ts";
import { UserError } from "../../src/errors.ts";
import { randomTensors, writeRandomModel } from "../../src/import/random-model.ts";
import { randomPieces, type Spread, type WeightType } from "../../src/import/random-values.ts";
import { denoiser } from "../../src/models/denoiser.ts";
import { Scope } from "../../src/nn/scope.ts";
import { denoiseRound } from "../../src/pipeline/denoise-round.ts";
import { seededDraws } from "../../src/pipeline/draws.ts";
import { Programs } from "../../src/pipeline/programs.ts";
import { UniPic } from "../../src/pipeline/unipic.ts";
import { memoryWeights } from "../../src/pipeline/weights.ts";
import { Random } from "../../src/random.ts";
import { nodeEngine } from "../../src/runtime/node.ts";
import { hostArray } from "../../src/tensor/dtype.ts";
import { input } from "../../src/tensor/index.ts";
import { temporaryFolder } from "../checkpoint/temporary-folder.ts";
import { evaluate } from "../tensor/evaluate.ts";
import { bytesOf, tinyOfficial, valuesOf } from "./tiny-official.ts";

const moments = (values: Float32Array) => {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const deviation = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
  return { mean, deviation, largest: values.reduce((most, value) => Math.max(most, Math.abs(value)), 0) };
};

describe("randomPieces", () => {
  const draw = (count: number, spread: Spread, type: WeightType = "F32") =>
    valuesOf({
      name: "x",
      dtype: type,
      shape: [count],
      pieces: () => randomPieces(count, spread, type, new Random(1)),
    });

  it.each<WeightType>(["F32", "F16", "BF16"])("draws a normal distribution as %s", async (type) => {
    const { mean, deviation, largest } = moments(await draw(100_001, { kind: "normal", scale: 0.5 }, type));
    expect(mean).toBeCloseTo(0, 1.9);
    expect(deviation).toBeCloseTo(0.5, 2);
    expect(largest).toBeGreaterThan(1.5);
    expect(largest).toBeLessThan(2.5);
  });

  it("draws a uniform distribution, and a constant", async () => {
    const { deviation, largest } = moments(await draw(100_000, { kind: "uniform", scale: 3 }));
    expect(deviation).toBeCloseTo(3 / Math.sqrt(3), 1);
    expect(largest).toBeLessThanOrEqual(3);
    expect(await draw(3, { kind: "constant", value: 1 }, "BF16")).toEqual(Float32Array.of(1, 1, 1));
  });
});

describe("randomTensors", () => {
  it("are the same for the same seed however often they are read, and others for another", async () => {
    const [one, again, other] = [3, 3, 4].map((seed) => randomTensors(tinyOfficial, seed, "BF16"));
    expect(again.map(({ name }) => name)).toEqual(one.map(({ name }) => name));
    let differing = 0;
    for (const [i, tensor] of one.entries()) {
      const bytes = await bytesOf(tensor);
      expect(bytes.equals(await bytesOf(tensor))).toBe(true);
      expect(bytes.equals(await bytesOf(again[i]))).toBe(true);
      if (!bytes.equals(await bytesOf(other[i]))) differing++;
    }
    // Biases and norms start at a constant.
    const drawn = one.filter(({ name, shape }) => shape.length > 1 && !/norm/.test(name));
    expect(differing).toBeGreaterThanOrEqual(drawn.length);
  });

  it("have a head whose answer is about its input, at every size of it", async () => {
    const scope = Scope.root();
    const { mar } = tinyOfficial;
    const rows = 64;
    const prediction = denoiser(
      scope.child("mar.diffloss.net"),
      mar,
      input("x", "float32", [rows, 16]),
      input("t", "float32", [1]),
      input("z", "float32", [rows, mar.decoder_embed_dim]),
    );
    const tensors = new Map(randomTensors(tinyOfficial, 1, "F32").map((tensor) => [tensor.name, tensor]));
    const feeds: Record<string, ReturnType<typeof hostArray>> = {};
    for (const name of scope.parameters.keys()) {
      const tensor = tensors.get(name)!;
      feeds[name] = hostArray("float32", tensor.shape, await valuesOf(tensor));
    }
    const random = new Random(5);
    feeds.t = hostArray("float32", [1], [900]);
    feeds.z = hostArray("float32", [rows, mar.decoder_embed_dim], random.normals(rows * mar.decoder_embed_dim));
    for (const size of [0.3, 1, 2]) {
      const x = random.normals(rows * 16).map((value) => size * value);
      const { answer } = await evaluate(
        { answer: prediction },
        { ...feeds, x: hostArray("float32", [rows, 16], x) },
        { fused: true },
      );
      const errors = Float32Array.from(
        x,
        (value, i) => (answer.data as Float32Array)[Math.floor(i / 16) * 32 + (i % 16)] - value,
      );
      expect(moments(errors).deviation).toBeLessThan(0.4 * size + 0.2);
    }
  });
});

it("a random model's samples keep a size of about one under guidance", async () => {
  const tensors = new Map<string, StoredTensor>();
  for (const tensor of randomTensors(tinyOfficial, 1, "BF16")) {
    if (!tensor.name.startsWith("mar.diffloss.")) continue;
    const { name, dtype, shape } = tensor;
    tensors.set(name, { name, dtype, shape, bytes: new Uint8Array(await bytesOf(tensor)) });
  }
  const programs = new Programs(tinyOfficial, memoryWeights(tensors), nodeEngine, { device: "cpu", threads: 1 });
  const options = { config: tinyOfficial, pictures: 1, steps: "100", temperature: 1 };
  const condition = hostArray("float32", [40, 64], new Random(7).normals(40 * 64));
  const sampled = await denoiseRound(
    { ...options, draws: seededDraws([1]), programs: { denoise: programs.denoise() } },
    { round: 0, rounds: 1 },
    condition,
    20,
    3,
  );
  await programs.release();
  const { deviation, largest } = moments(sampled);
  // Whoever answers with nothing, or with anything that has not to do with the noise, ends at a hundred and more.
  expect(deviation).toBeGreaterThan(0.3);
  expect(deviation).toBeLessThan(3);
  expect(largest).toBeLessThan(15);
});

describe("writeRandomModel", () => {
  it("writes a model that draws and describes", async () => {
    const folder = join(await temporaryFolder(), "mini");
    const seen: number[] = [];
    const report = await writeRandomModel(folder, {
      preset: "unipic-mini",
      seed: 2,
      maxShardBytes: 8e6,
      onProgress: ({ done, total }) => seen.push(done / total),
    });
    expect(report.bytes).toBe(2 * report.parameters);
    expect(report.vocabulary).toBeLessThan(report.config.llm.vocab_size);
    expect(seen.at(-1)).toBe(1);
    expect(seen).toEqual([...seen].sort((a, b) => a - b));
    expect(await readdir(folder)).toContain("model-00004-of-00004.safetensors");

    const model = await UniPic.load(folder);
    const [picture] = await model.generate("a red car", { seed: 1, steps: 10 });
    expect(picture.width).toBe(64);
    // Values that are not finite would have become one colour.
    expect(new Set(picture.data).size).toBeGreaterThan(100);
    const saturated = picture.data.filter((value) => value === 0 || value === 255).length;
    expect(saturated / picture.data.length).toBeLessThan(0.6);
    expect(await model.describe(picture, undefined, { maxTokens: 4 })).toBeTypeOf("string");
    await model.release();
  });

  it("writes every element type, and the same file for the same seed", async () => {
    const place = await temporaryFolder();
    const files: Buffer[] = [];
    for (const [name, type] of [
      ["a", "F16"],
      ["b", "F16"],
      ["c", "F32"],
    ] as const) {
      await writeRandomModel(join(place, name), { preset: "unipic-mini", seed: 1, type });
      files.push(await readFile(join(place, name, "model.safetensors")));
    }
    expect(files[0].equals(files[1])).toBe(true);
    const [half, single] = await Promise.all(["a", "c"].map((name) => openCheckpoint(join(place, name))));
    const name = "llm.model.norm.weight";
    expect([half.info(name).dtype, single.info(name).dtype]).toEqual(["F16", "F32"]);
    await Promise.all([half.close(), single.close()]);
  });

  it("leaves nothing behind when it is stopped, and nothing in the way of what is there", async () => {
    const place = await temporaryFolder();
    const folder = join(place, "mini");
    const controller = new AbortController();
    const stop = { signal: controller.signal, onProgress: () => controller.abort(new Error("enough")) };
    await expect(writeRandomModel(folder, { preset: "unipic-mini", ...stop })).rejects.toThrow("enough");
    expect(await readdir(place)).toEqual([]);
    await writeRandomModel(folder, { preset: "unipic-mini" });
    await expect(writeRandomModel(folder, { preset: "unipic-mini" })).rejects.toThrow(
      /There is something in .* already/,
    );
    await expect(writeRandomModel(join(place, "no", "x"), {})).rejects.toThrow(/there is no folder/);
    await expect(writeRandomModel(join(folder, "config.json"), {})).rejects.toThrow(/it is a file/);
    await expect(writeRandomModel(join(place, "x"), { preset: "huge" })).rejects.toThrow(UserError);
    expect(await readdir(place)).toEqual(["mini"]);
  });
});
