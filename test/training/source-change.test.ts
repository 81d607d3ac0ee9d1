import { expect, it } from "vitest";
import { Scope } from "../../src/nn/scope.ts";
import { Random } from "../../src/random.ts";
import { nodeEngine } from "../../src/runtime/node.ts";
import { makeBatch } from "../../src/training/batches.ts";
import { traceDrawing } from "../../src/training/joint-program.ts";
import { ADAMW } from "../../src/training/optimizer.ts";
import { NO_SAMPLES } from "../../src/training/stage.ts";
import { TrainingProgram } from "../../src/training/training-program.ts";
import { tinyPlan } from "./tiny-plan.ts";
import { tinyTokenizer } from "./tiny-tokenizer.ts";

const { model, stages, seed } = tinyPlan(1);
const config = { ...model, mar: { ...model.mar, source_tokens: true } };
const editing = { ...stages[0], batch: { ...NO_SAMPLES, editing: 8 } };
const tokenizer = tinyTokenizer("make the apple blue");
const device = { device: "cpu", threads: 1 } as const;

/** The losses of so many steps of training that network alone, by one batch. */
async function train(steps: number, repeats: number): Promise<Record<string, number>[]> {
  const root = Scope.root();
  const { loss, diffusion, change } = traceDrawing(root, config, "editing", editing);
  const options = { optimizer: ADAMW, trains: (name: string) => name.startsWith("mar.source_change.") };
  const losses = { diffusion, change: change! };
  const program = await TrainingProgram.build(nodeEngine, device, root, loss, losses, options, new Random(1));
  const batch = makeBatch(config, tokenizer, { ...editing, repeats }, seed, 0);
  const done: Record<string, number>[] = [];
  for (let step = 0; step < steps; step++) done.push(await program.step(batch, 0.003));
  await program.release();
  return done;
}

it("learns what becomes of an edit's source beside what the head predicts", async () => {
  const steps = await train(30, 0);
  for (const step of steps) expect(step.total).toBeCloseTo(step.diffusion + 0.5 * step.change, 5);
  expect(steps[29].change).toBeLessThan(0.7 * steps[0].change);
});

it("is off by nothing at first where the picture is only to be repeated", async () => {
  expect((await train(1, 1))[0].change).toBe(0);
});

it("has no such loss where the head is not shown the source", () => {
  expect(traceDrawing(Scope.root(), model, "editing", editing).change).toBeUndefined();
});
