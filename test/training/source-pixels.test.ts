import { expect, it } from "vitest";
import type { MarConfig } from "../../src/models/config.ts";
import { Scope } from "../../src/nn/scope.ts";
import { readsLatents } from "../../src/training/data-config.ts";
import { traceDrawing } from "../../src/training/joint-program.ts";
import { editing, tinyModel, trainEdits } from "./train-edits.ts";

const config = { ...tinyModel, mar: { ...tinyModel.mar, source_tokens: true, source_pixels: true } };
const STEPS = 60;
const train = (repeats: number) =>
  trainEdits(config, { trains: "mar.source_pixels.", steps: STEPS, rate: 0.003, repeats });

it("learns what becomes of an edit's source pixel by pixel, beside the other losses", async () => {
  const steps = await train(0);
  for (const { total, diffusion, change, keeping, painting } of steps) {
    expect(total).toBeCloseTo(diffusion + 0.5 * change + 0.2 * (keeping + painting), 4);
  }
  expect(steps[STEPS - 1].keeping).toBeLessThan(0.85 * steps[0].keeping);
  expect(steps[STEPS - 1].painting).toBeLessThan(0.5 * steps[0].painting);
});

it("learns that all stays of a picture that is only to be repeated", async () => {
  const steps = await train(1);
  expect(steps[0].keeping).toBeCloseTo(Math.log(3 / (1 + 0.05 ** 3 / 0.07 ** 3)) / 3, 1);
  expect(steps[STEPS - 1].keeping).toBeLessThan(0.05);
});

it("has no such loss where results are not put together of pixels", () => {
  const tokens = { ...config, mar: { ...config.mar, source_pixels: false } };
  expect(traceDrawing(Scope.root(), tokens, "editing", editing).keeping).toBeUndefined();
});

it("reads pictures where other edits could do with latents", () => {
  const reads = (mar: MarConfig) => readsLatents("editing", { mar }, { latents: true });
  expect(reads(config.mar)).toBe(false);
  expect(reads(tinyModel.mar)).toBe(true);
});
