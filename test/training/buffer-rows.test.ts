import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { UniPic } from "../../src/index.ts";
import { nodeEngine } from "../../src/runtime/node.ts";
import { bufferRows, startingWeights } from "../../src/training/buffer-rows.ts";
import { exportModel } from "../../src/training/export.ts";
import type { TrainConfig } from "../../src/training/train-config.ts";
import { type TrainProgress, train } from "../../src/training/trainer.ts";
import { tinyPlan } from "./tiny-plan.ts";

let folder: string;
let model: string;
let first: number;

const withBuffer = (plan: TrainConfig, size: number): TrainConfig => ({
  ...plan,
  model: { ...plan.model, mar: { ...plan.model.mar, buffer_size: size } },
});

async function run(name: string, plan: TrainConfig, from?: string) {
  const losses: number[] = [];
  const onProgress = (progress: TrainProgress) => losses.push(progress.losses.total);
  const common = { engine: nodeEngine, threads: 1, threadedData: false };
  const trained = await train({ train: plan, folder: join(folder, name), from, onProgress, ...common });
  return { ...trained, losses };
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "unipic-buffer-"));
  const { weights, prepared, losses } = await run("two", tinyPlan(60));
  first = losses[0];
  model = join(folder, "model");
  await exportModel(model, weights, prepared);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe("rows of added buffer tokens", () => {
  it("are the given ones in turn, each moved towards its place, before the places as they were", () => {
    const table = Float32Array.of(10, 20, /* places: */ 1, 3, 5, 7);
    const rows = bufferRows(table, { given: 2, wanted: 4, width: 1 });
    // The places' mean is 4.
    expect([...rows]).toEqual([10 - 1.5, 20 - 0.5, 10 + 0.5, 20 + 1.5, 1, 3, 5, 7]);
  });

  it("stand for places evenly spread, where there are more places than tokens", () => {
    const rows = bufferRows(Float32Array.of(0, 0, 0, 0, 8), { given: 1, wanted: 2, width: 1 });
    expect([...rows.subarray(0, 2)]).toEqual([-1, -1]);
    const more = bufferRows(Float32Array.of(0, 0, 8), { given: 1, wanted: 4, width: 1 });
    expect([...more.subarray(0, 4)]).toEqual([-2, -2, 2, 2]);
  });
});

describe("a run from a model with fewer buffer tokens", () => {
  it("goes on from what it knew, and ends with a model that draws", async () => {
    const { weights, prepared, losses } = await run("five", withBuffer(tinyPlan(20), 5), model);
    expect(losses[0]).toBeLessThan(0.9 * first);
    expect(losses.at(-1)).toBeLessThan(losses[0]);
    expect(weights.get("mar.encoder_pos_embed_learned")!.shape).toEqual([1, 5 + 16, 32]);
    const longer = join(folder, "longer");
    await exportModel(longer, weights, prepared);
    const loaded = await UniPic.load(longer, { threads: 1 });
    const [picture] = await loaded.generate("a red car", { steps: 2, rounds: 2 });
    expect(picture.width).toBe(32);
    await loaded.release();
  });

  it("is refused from a model with more of them, in a sentence", async () => {
    await expect(startingWeights(model, withBuffer(tinyPlan(0), 1).model)).rejects.toThrow(
      "has 2 buffer tokens, and the configuration's model 1: a run can add some, not take any away.",
    );
  });

  it("takes the weights as they are where the numbers agree", async () => {
    const values = await startingWeights(model, tinyPlan(0).model);
    expect(values.get("mar.encoder_pos_embed_learned")!.shape).toEqual([1, 2 + 16, 32]);
  });
});
