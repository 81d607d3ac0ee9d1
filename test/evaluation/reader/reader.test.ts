import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { planScene, type Scene } from "../../../src/data/index.ts";
import { drawPictures } from "../../../src/evaluation/ceiling.ts";
import type { ReaderConfig } from "../../../src/evaluation/reader/config.ts";
import { Reader, saveReader } from "../../../src/evaluation/reader/reader.ts";
import { trainReader } from "../../../src/evaluation/reader/train.ts";
import { Random } from "../../../src/random.ts";
import { nodeEngine } from "../../../src/runtime/node.ts";
import type { Values } from "../../../src/training/parameters.ts";

/** Few and different things, so that seconds are enough. */
const config: ReaderConfig = {
  model_type: "unipic-reader",
  size: 32,
  widths: [8, 16, 24, 32],
  objects: ["bus", "banana", "broccoli", "sports ball"],
  colors: ["natural", "red", "orange", "yellow", "green", "blue", "purple", "pink", "brown", "black", "white"],
  backgrounds: ["plain", "gradient", "grass", "beach", "table", "night", "snow", "road", "room", "dots", "stripes"],
  least_confidence: 0,
};

const train = (steps: number, seed = 1, losses: number[] = []): Promise<Values> =>
  trainReader(nodeEngine, {
    config,
    seed,
    steps,
    batch: 16,
    learningRate: 4e-3,
    threads: 1,
    onProgress: ({ loss }) => losses.push(loss),
  });

const scenes = (count: number): Scene[] => {
  const random = new Random(99);
  return Array.from({ length: count }, () => planScene(random, { tasks: ["single_object"], objects: config.objects }));
};

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "reader-"));
});
afterAll(() => rm(folder, { recursive: true }));

describe("a reader trained for seconds", () => {
  it("beats chance clearly on fresh scenes, also from its folder in half precision", async () => {
    const losses: number[] = [];
    const weights = await train(150, 1, losses);
    expect(losses.at(-1)).toBeLessThan(0.8 * losses[0]);
    const reader = await Reader.from(config, weights, { threads: 1 });
    const shown = scenes(100);
    const pictures = drawPictures(shown, config.size);
    const readings = await reader.read(pictures);
    const right = readings.filter(({ object }, i) => object === shown[i].objects[0].name).length;
    expect(right).toBeGreaterThan(40); // chance is 25 of 100, with a deviation of 4.3
    await saveReader(folder, config, weights);
    const loaded = await Reader.load(folder, { threads: 1 });
    const again = await loaded.read(pictures);
    expect(loaded.config).toEqual(config);
    expect(again.filter(({ object }, i) => object === readings[i].object).length).toBeGreaterThan(95);
    await Promise.all([reader.release(), loaded.release()]);
  });

  it("is the same for the same seed", async () => {
    const [a, b, c] = [await train(2), await train(2), await train(2, 2)];
    const first = (weights: Values) => weights.get("object_head.weight")!.data;
    expect(first(a)).toEqual(first(b));
    expect(first(a)).not.toEqual(first(c));
  });

  it("stops when told to", async () => {
    const signal = AbortSignal.abort(new Error("enough"));
    const options = { config, seed: 1, steps: 2, batch: 4, learningRate: 1e-3, threads: 1, signal };
    await expect(trainReader(nodeEngine, options)).rejects.toThrow("enough");
  });
});

describe("the reader that ships", () => {
  it("reads clean pictures of any size, and does not answer when there is nothing to read", async () => {
    const reader = await Reader.load("models/reader", { threads: 1 });
    const random = new Random(7);
    const shown = Array.from({ length: 72 }, (_, i) =>
      planScene(random, {
        tasks: ["colors"],
        objects: [reader.config.objects[i % 36]],
        styles: ["emoji"],
        sizes: [0.55, 0.85],
        jitter: 0.5,
      }),
    );
    for (const size of [64, 160]) {
      const readings = await reader.read(drawPictures(shown, size));
      const right = readings.filter(({ object }, i) => object === shown[i].objects[0].name).length;
      expect(right / shown.length).toBeGreaterThan(0.8);
    }
    const empty = shown.map((scene) => ({ ...scene, objects: [] }));
    const answers = (await reader.read(drawPictures(empty, 64))).filter(({ object }) => object !== null).length;
    expect(answers).toBeLessThan(10);
    await reader.release();
  });
});

describe("a reader's folder", () => {
  it("is refused with a sentence when its configuration is not one", async () => {
    const write = (json: object) => writeFile(join(folder, "config.json"), JSON.stringify(json));
    await write({ ...config, model_type: "unipic" });
    await expect(Reader.load(folder)).rejects.toThrow(/model_type must be "unipic-reader", not "unipic"/);
    await write({ ...config, size: 1_000_000 });
    await expect(Reader.load(folder)).rejects.toThrow(/size must be a multiple of 16/);
    await write({ ...config, widths: [8, 16, 24] });
    await expect(Reader.load(folder)).rejects.toThrow(/widths must be four/);
    await write({ ...config, objects: [] });
    await expect(Reader.load(folder)).rejects.toThrow(/objects must be a list/);
    await write({ ...config, widths: [8, 16, 24, 40] });
    await expect(Reader.load(folder)).rejects.toThrow(/does not fit the model|There is no checkpoint/);
    await expect(Reader.load(join(folder, "nowhere"))).rejects.toThrow(/nowhere/);
  });
});
