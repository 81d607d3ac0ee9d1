import { cp, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { UniPic } from "../../src/index.ts";
import { positionTable, resizeTable } from "../../src/models/position-table.ts";
import { Scope } from "../../src/nn/scope.ts";
import { Random } from "../../src/random.ts";
import { nodeEngine } from "../../src/runtime/node.ts";
import { hostArray } from "../../src/tensor/dtype.ts";
import { exportModel } from "../../src/training/export.ts";
import { resizeState, resizeTables, sizedModel } from "../../src/training/stage-size.ts";
import type { TrainConfig } from "../../src/training/train-config.ts";
import { type TrainProgress, train } from "../../src/training/trainer.ts";
import { evaluate } from "../tensor/evaluate.ts";
import { tinyPlan } from "./tiny-plan.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "unipic-stages-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const ENCODER = "mar.encoder_pos_embed_learned";
const TOWER = "siglip2.vision_model.embeddings.position_embedding.weight";

/** The tiny model's stages of so many steps each, at 16 and then at 32 pixels. */
function rising(steps: readonly number[]): TrainConfig {
  const plan = tinyPlan(0);
  const sizes = [16, 32];
  const stages = steps.map((count, i) => ({
    ...plan.stages[0],
    name: `at ${sizes[i]}`,
    steps: count,
    size: { generation: sizes[i], understanding: sizes[i] },
  }));
  return { ...plan, stages };
}

const run = (
  name: string,
  plan: TrainConfig,
  more: { signal?: AbortSignal; onProgress?: (progress: TrainProgress) => void } = {},
) =>
  train({
    train: plan,
    folder: join(folder, name),
    engine: nodeEngine,
    threads: 1,
    threadedData: false,
    ...more,
  });

/** Starts a run and stops it after a step of a stage. */
async function stopAfter(name: string, plan: TrainConfig, stage: string, step: number): Promise<void> {
  const stop = new AbortController();
  const onProgress = (progress: TrainProgress) => {
    if (progress.stage === stage && progress.step === step) stop.abort(new Error("enough"));
  };
  await expect(run(name, plan, { signal: stop.signal, onProgress })).rejects.toThrow("enough");
}

describe("resizing position tables", () => {
  it("keeps leading rows, and interpolates between pixel centres", () => {
    const table = Float32Array.of(9, 9, 0, 10, 1, 20, 2, 30, 3, 40);
    const resized = resizeTable(table, { leading: 1, side: 2, width: 2 }, 4);
    const rows = Array.from({ length: 17 }, (_, row) => [resized[2 * row], resized[2 * row + 1]]);
    expect(rows[0]).toEqual([9, 9]);
    // Centres of four places lie at -0.25, 0.25, 0.75 and 1.25 of two, of which the outer ones are held at the edge.
    expect(rows.slice(1, 5).map(([first]) => first)).toEqual([0, 0.25, 0.75, 1]);
    expect(rows.slice(5, 9).map(([first]) => first)).toEqual([0.5, 0.75, 1.25, 1.5]);
    expect(rows.slice(13, 17).map(([, second]) => second)).toEqual([30, 32.5, 37.5, 40]);
  });

  it.each([
    [2, 4],
    [4, 8],
    [3, 5],
    [4, 2],
    [5, 5],
  ])("from side %i to %i gives what a model computes at that grid", async (side, to) => {
    const size = { leading: 3, side, width: 6 };
    const values = new Random(1).normals((3 + side * side) * 6);
    const scope = Scope.root();
    const resized = positionTable(scope, "table", size, [to, to]);
    const { resized: expected } = await evaluate(
      { resized },
      { table: hostArray("float32", [1, 3 + side * side, 6], values) },
    );
    const got = resizeTable(values, size, to);
    expect(got.length).toBe(expected.data.length);
    got.forEach((value, i) => {
      expect(value).toBeCloseTo(Number(expected.data[i]), 5);
    });
  });

  it("resizes weights and average, begins moments anew, and touches nothing else", () => {
    const config = sizedModel(tinyPlan(0).model, { generation: 32, understanding: 32 });
    const table = (rows: number, width: number, value: number) =>
      hostArray("float32", [1, rows, width], new Float32Array(rows * width).fill(value));
    const other = hostArray("float32", [2], [1, 2]);
    const group = (value: number) =>
      new Map([
        [ENCODER, table(2 + 4, 32, value)],
        ["mar.z_proj.bias", other],
      ]);
    const parameters = group(1).set(TOWER, hostArray("float32", [1, 32], new Float32Array(32).fill(5)));
    const state = { step: 7, parameters, moment1: group(2), moment2: group(3), average: group(4) };
    const resized = resizeState(state, config);
    expect(resized.parameters?.get(ENCODER)).toEqual(table(2 + 16, 32, 1));
    expect(resized.average?.get(ENCODER)).toEqual(table(2 + 16, 32, 4));
    expect(resized.parameters?.get(TOWER)).toEqual(hostArray("float32", [4, 32], new Float32Array(128).fill(5)));
    expect([...resized.moment1!.keys(), ...resized.moment2!.keys()]).toEqual(["mar.z_proj.bias", "mar.z_proj.bias"]);
    expect(resized.parameters?.get("mar.z_proj.bias")).toBe(other);
    expect(resizeState(resized, config)).toBe(resized);
  });

  it("leaves a table that belongs to another model for the trainer to refuse", () => {
    const config = tinyPlan(0).model;
    for (const shape of [
      [1, 18, 31],
      [1, 7, 32],
    ]) {
      const values = new Map([[ENCODER, hostArray("float32", shape, new Float32Array(shape[1] * shape[2]))]]);
      expect(resizeTables(values, config).get(ENCODER)).toBe(values.get(ENCODER));
    }
  });
});

describe("a run whose stages rise in size", () => {
  it("goes on learning at the larger size, and ends with a model of it", async () => {
    const seen: TrainProgress[] = [];
    const { weights, prepared } = await run("rises", rising([40, 40]), { onProgress: (each) => seen.push(each) });
    const [first, last] = ["at 16", "at 32"].map((stage) => seen.filter((each) => each.stage === stage));
    for (const { losses } of seen) expect(Object.values(losses).every(Number.isFinite)).toBe(true);
    expect(first.at(-1)!.losses.total).toBeLessThan(first[0].losses.total);
    expect(last.at(-1)!.losses.total).toBeLessThan(last[0].losses.total);
    // What was learned at the smaller size is worth something at the larger one.
    expect(last[0].losses.total).toBeLessThan(0.9 * first[0].losses.total);
    expect([prepared.config.mar.img_size, prepared.config.siglip2.image_size]).toEqual([32, 32]);
    expect(weights.get(ENCODER)!.shape).toEqual([1, 2 + 16, 32]);
    expect(weights.get(TOWER)!.shape).toEqual([4, 32]);

    await exportModel(join(folder, "model"), weights, prepared);
    const model = await UniPic.load(join(folder, "model"), { threads: 1 });
    const [picture] = await model.generate("a red car", { steps: 2, rounds: 2 });
    expect(picture.width).toBe(32);
    expect(await model.describe(picture)).toBeTypeOf("string");
    await model.release();
  });

  it("continues bit for bit from before the rise and from behind it", async () => {
    const plan = rising([4, 5]);
    plan.stages[1].freezes = ["llm.", "siglip2."];
    const whole = await run("whole", plan);
    // What stands before the stages is the same; making it anew would only take time.
    for (const file of ["vae.safetensors", "tokenizer.json", "tokenizer_config.json"]) {
      await cp(join(folder, "whole", file), join(folder, "parts", file));
    }
    // A run that ends at the smaller size, to which a stage is added, which is then stopped.
    await run("parts", rising([4]));
    await stopAfter("parts", plan, "at 32", 3);
    const parts = await run("parts", plan);
    const state = (name: string) => readFile(join(folder, name, "state.safetensors"));
    expect((await state("parts")).equals(await state("whole"))).toBe(true);
    expect(parts.weights).toEqual(whole.weights);
    expect(parts.prepared).toEqual(whole.prepared);
    // Nothing is left to do, and what comes back is of the last stage's sizes all the same.
    expect((await run("whole", plan)).prepared).toEqual(whole.prepared);
  }, 300_000);
});
