import { expect, it } from "vitest";
import type { MarConfig } from "../../src/models/config.ts";
import { Scope } from "../../src/nn/scope.ts";
import { Random } from "../../src/random.ts";
import { nodeEngine } from "../../src/runtime/node.ts";
import { makeBatch } from "../../src/training/batches.ts";
import { readsLatents } from "../../src/training/data-config.ts";
import { traceDrawing } from "../../src/training/joint-program.ts";
import { ADAMW } from "../../src/training/optimizer.ts";
import { NO_SAMPLES } from "../../src/training/stage.ts";
import { TrainingProgram } from "../../src/training/training-program.ts";
import { tinyPlan } from "./tiny-plan.ts";
import { tinyTokenizer } from "./tiny-tokenizer.ts";

const { model, stages, seed } = tinyPlan(1);
const config = { ...model, mar: { ...model.mar, source_tokens: true, source_pixels: true } };
const editing = { ...stages[0], batch: { ...NO_SAMPLES, editing: 8 } };

const STEPS = 60;

/** The losses of training by one batch, of which so great a share is only to be repeated, what puts results together alone. */
async function train(repeats: number): Promise<Record<string, number>[]> {
  const root = Scope.root();
  const { loss, diffusion, change, keeping } = traceDrawing(root, config, "editing", editing);
  const options = { optimizer: ADAMW, trains: (name: string) => name.startsWith("mar.source_pixels.") };
  const losses = { diffusion, change: change!, keeping: keeping! };
  const device = { device: "cpu", threads: 1 } as const;
  const program = await TrainingProgram.build(nodeEngine, device, root, loss, losses, options, new Random(1));
  const batch = makeBatch(config, tinyTokenizer("make the apple blue"), { ...editing, repeats }, seed, 0);
  const steps: Record<string, number>[] = [];
  for (let step = 0; step < STEPS; step++) steps.push(await program.step(batch, 0.01));
  await program.release();
  return steps;
}

it("learns what of an edit's source stays, beside the other losses", async () => {
  const steps = await train(0);
  for (const { total, diffusion, change, keeping } of steps) {
    expect(total).toBeCloseTo(diffusion + 0.5 * change + 0.2 * keeping, 4);
  }
  expect(steps[STEPS - 1].keeping).toBeLessThan(0.85 * steps[0].keeping);
});

it("learns that all stays of a picture that is only to be repeated", async () => {
  const steps = await train(1);
  expect(steps[0].keeping).toBeCloseTo(Math.log(2) / 3, 1);
  expect(steps[STEPS - 1].keeping).toBeLessThan(0.05);
});

it("has no such loss where results are not put together of pixels", () => {
  const tokens = { ...config, mar: { ...config.mar, source_pixels: false } };
  expect(traceDrawing(Scope.root(), tokens, "editing", editing).keeping).toBeUndefined();
});

it("reads pictures where other edits could do with latents", () => {
  const reads = (mar: MarConfig) => readsLatents("editing", { mar }, { latents: true });
  expect(reads(config.mar)).toBe(false);
  expect(reads(model.mar)).toBe(true);
});
