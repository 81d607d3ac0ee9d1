import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { planScene, type Scene } from "../../../src/data/index.ts";
import type { DetectorConfig } from "../../../src/evaluation/detector/config.ts";
import { Detector, saveDetector } from "../../../src/evaluation/detector/detector.ts";
import { trainDetector } from "../../../src/evaluation/detector/train.ts";
import { drawPictures } from "../../../src/evaluation/renders.ts";
import { Random } from "../../../src/random.ts";
import { nodeEngine } from "../../../src/runtime/node.ts";
import type { Values } from "../../../src/training/parameters.ts";

/** Few and different things, so that seconds are enough. */
const config: DetectorConfig = {
  model_type: "unipic-detector",
  size: 32,
  widths: [8, 16, 24, 32],
  objects: ["bus", "banana", "broccoli", "sports ball"],
  colors: ["red", "orange", "yellow", "green", "blue", "purple", "pink", "brown", "black", "white"],
  backgrounds: ["plain", "gradient", "grass", "beach", "table", "night", "snow", "road", "room", "dots", "stripes"],
  background_colors: [
    ...["red", "orange", "yellow", "green", "blue", "purple", "pink", "brown", "black", "white"],
    ...["gray", "light blue", "beige", "teal", "cream"],
  ],
  least_score: 0.05,
};

interface Run {
  steps: number;
  seed?: number;
  folder?: string;
  signal?: AbortSignal;
  onStep?: (step: number, loss: number) => void;
}

const train = ({ steps, seed = 1, folder, signal, onStep }: Run): Promise<Values> =>
  trainDetector(nodeEngine, {
    config,
    seed,
    steps,
    batch: 12,
    learningRate: 4e-3,
    threads: 1,
    folder,
    signal,
    onProgress: ({ step, averages }) => onStep?.(step, averages.total),
  });

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "detector-"));
});
afterAll(() => rm(folder, { recursive: true }));

describe("a detector trained for seconds", () => {
  it("learns, step by step", async () => {
    const losses: number[] = [];
    await train({ steps: 60, folder: join(folder, "run"), onStep: (_, loss) => losses.push(loss) });
    expect(losses.at(-1)).toBeLessThan(0.8 * losses[0]);
  });

  it("is the same for the same seed, also when it was stopped on the way", async () => {
    const whole = await train({ steps: 4 });
    const stop = new AbortController();
    const run = join(folder, "stopped");
    const stopped = train({
      steps: 4,
      folder: run,
      signal: stop.signal,
      onStep: (step) => step === 2 && stop.abort(new Error("enough")),
    });
    await expect(stopped).rejects.toThrow("enough");
    const seen: number[] = [];
    const continued = await train({ steps: 4, folder: run, onStep: (step) => seen.push(step) });
    expect(seen).toEqual([3, 4]);
    const [a, b] = [whole, continued].map((weights) => weights.get("object.weight")!.data);
    expect(a).toEqual(b);
    expect((await train({ steps: 4, seed: 2 })).get("object.weight")!.data).not.toEqual(a);
  });
});

const sceneOf = (random: Random, objects: readonly string[]): Scene =>
  planScene(random, { tasks: ["two_object"], objects, styles: ["emoji"], heldOut: "any" });

describe("a detector's folder", () => {
  it("gives back what was saved", async () => {
    const weights = await train({ steps: 1 });
    await saveDetector(folder, config, weights);
    const [saved, kept] = [
      await Detector.load(folder, { threads: 1 }),
      await Detector.from(config, weights, { threads: 1 }),
    ];
    expect(saved.config).toEqual(config);
    const random = new Random(3);
    const pictures = drawPictures(
      Array.from({ length: 3 }, () => sceneOf(random, config.objects)),
      48,
    );
    const [a, b] = [await saved.look(pictures), await kept.look(pictures)];
    expect(a.length).toBe(3);
    a.forEach(({ background }, i) => {
      expect(background).toEqual(b[i].background);
    });
    await Promise.all([saved.release(), kept.release()]);
  });

  it("is refused with a sentence when its configuration is not one", async () => {
    const write = (json: object) => writeFile(join(folder, "config.json"), JSON.stringify(json));
    await write({ ...config, model_type: "unipic" });
    await expect(Detector.load(folder)).rejects.toThrow(/model_type must be "unipic-detector", not "unipic"/);
    await write({ ...config, size: 1_000_000 });
    await expect(Detector.load(folder)).rejects.toThrow(/size must be a multiple of 16/);
    await write({ ...config, widths: [8, 16, 24] });
    await expect(Detector.load(folder)).rejects.toThrow(/widths must be four/);
    await write({ ...config, objects: [] });
    await expect(Detector.load(folder)).rejects.toThrow(/objects must be a list/);
    await write({ ...config, least_score: 2 });
    await expect(Detector.load(folder)).rejects.toThrow(/least_score must be a number from 0 to 1/);
    await write({ ...config, widths: [8, 16, 24, 40] });
    await expect(Detector.load(folder)).rejects.toThrow(/does not fit the model|There is no checkpoint/);
    await expect(Detector.load(join(folder, "nowhere"))).rejects.toThrow(/nowhere/);
  });
});
