import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { nodeEngine } from "../../src/runtime/node.ts";
import { readValues } from "../../src/training/checkpoint.ts";
import { exportModel } from "../../src/training/export.ts";
import type { Values } from "../../src/training/parameters.ts";
import { type TrainOptions, type TrainProgress, train } from "../../src/training/trainer.ts";
import { tinyPlan } from "./tiny-plan.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "unipic-train-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const run = (name: string, steps: number, more: Partial<TrainOptions> = {}) =>
  train({
    train: tinyPlan(steps),
    folder: join(folder, name),
    engine: nodeEngine,
    threads: 1,
    threadedData: false,
    ...more,
  });

const bytes = (values: Values, name: string): Buffer => {
  const { data } = values.get(name)!;
  return Buffer.from(data.buffer as ArrayBuffer, data.byteOffset, data.byteLength);
};

describe("training", () => {
  it("brings each of the three losses well below its start", async () => {
    const seen: TrainProgress[] = [];
    await run("learns", 150, { onProgress: (progress) => seen.push(progress) });
    const [first, last] = [seen[0].losses, seen.at(-1)!.losses];
    expect(Object.keys(first).sort()).toEqual(["editing", "generation", "gradient_norm", "total", "understanding"]);
    expect(last.generation).toBeLessThan(0.75 * first.generation);
    expect(last.editing).toBeLessThan(0.75 * first.editing);
    expect(last.understanding).toBeLessThan(0.5 * first.understanding);
    expect(seen.at(-1)).toMatchObject({ step: 150, steps: 150, samples: 150 * 20 });
  });

  it("continues bit for bit after being stopped between two checkpoints", async () => {
    const whole = await run("whole", 12);
    const stop = new AbortController();
    const stopped = run("parts", 12, {
      signal: stop.signal,
      onProgress: ({ step }) => {
        if (step === 7) stop.abort(new Error("enough"));
      },
    });
    await expect(stopped).rejects.toThrow("enough");
    const steps: number[] = [];
    const parts = await run("parts", 12, { onProgress: ({ step }) => steps.push(step) });
    expect(steps).toEqual([8, 9, 10, 11, 12]);
    expect([...parts.weights.keys()]).toEqual([...whole.weights.keys()]);
    for (const name of whole.weights.keys()) {
      expect(bytes(parts.weights, name).equals(bytes(whole.weights, name)), name).toBe(true);
    }
    const state = (name: string) => readFile(join(folder, name, "state.safetensors"));
    expect((await state("parts")).equals(await state("whole"))).toBe(true);
  });

  it("gives the end of a stage a second time where a stop has cut short what is done then", async () => {
    const stop = new AbortController();
    const stopped = run("ends", 2, { signal: stop.signal, onCheckpoint: async () => stop.abort(new Error("enough")) });
    await expect(stopped).rejects.toThrow("enough");
    const told: number[] = [];
    const onCheckpoint: TrainOptions["onCheckpoint"] = async (_, __, { stageStep }) => void told.push(stageStep);
    const onProgress = () => expect.fail("There is no step left.");
    await run("ends", 2, { onCheckpoint, onProgress });
    await run("ends", 2, { onCheckpoint, onProgress });
    expect(told).toEqual([2]);
  });

  it("learns the same from batches made in a thread", async () => {
    const inline = await run("whole", 12);
    const threaded = await run("threaded", 12, { threadedData: true });
    for (const name of inline.weights.keys()) {
      expect(bytes(threaded.weights, name).equals(bytes(inline.weights, name)), name).toBe(true);
    }
  });

  it("starts from a model with its weights, tokenizer and autoencoder", async () => {
    const { weights, prepared } = await run("whole", 12);
    const model = join(folder, "model");
    await exportModel(model, weights, prepared);
    const started = await train({
      train: { ...tinyPlan(0), seed: 99 },
      folder: join(folder, "next"),
      engine: nodeEngine,
      threads: 1,
      threadedData: false,
      from: model,
    });
    expect(started.prepared.tokenizer).toEqual(prepared.tokenizer);
    const read = await readValues(model);
    expect([...started.weights.keys()].sort()).toEqual([...read.keys()].sort());
    for (const name of read.keys()) expect(bytes(started.weights, name).equals(bytes(read, name)), name).toBe(true);
  });

  it("begins with a later stage, and goes on in it whatever the next start says", async () => {
    const one = tinyPlan(3);
    const plan = { ...one, stages: ["first", "second", "third"].map((name) => ({ ...one.stages[0], name })) };
    const stop = new AbortController();
    const seen: string[] = [];
    const started = run("later", 3, {
      train: plan,
      begin: 1,
      signal: stop.signal,
      onProgress: ({ stage, step }) => {
        seen.push(`${stage} ${step}`);
        if (step === 2) stop.abort(new Error("enough"));
      },
    });
    await expect(started).rejects.toThrow("enough");
    await run("later", 3, { train: plan, onProgress: ({ stage, step }) => seen.push(`${stage} ${step}`) });
    expect(seen).toEqual(["second 1", "second 2", "second 3", "third 1", "third 2", "third 3"]);
  });
});
