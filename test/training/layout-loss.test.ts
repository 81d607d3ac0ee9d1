import { expect, it } from "vitest";
import { Scope } from "../../src/nn/scope.ts";
import { Random } from "../../src/random.ts";
import { nodeEngine } from "../../src/runtime/node.ts";
import { add } from "../../src/tensor/index.ts";
import { makeBatch } from "../../src/training/batches.ts";
import { traceJointLoss } from "../../src/training/joint-program.ts";
import { traceLayout } from "../../src/training/layout-loss.ts";
import { ADAMW } from "../../src/training/optimizer.ts";
import { NO_SAMPLES } from "../../src/training/stage.ts";
import { TrainingProgram } from "../../src/training/training-program.ts";
import { tinyPlan } from "./tiny-plan.ts";
import { tinyTokenizer } from "./tiny-tokenizer.ts";

const { model, stages, seed } = tinyPlan(1);
const stage = { ...stages[0], batch: { ...NO_SAMPLES, layout: 4 }, scenes: {} };
const batch = makeBatch(model, tinyTokenizer("There is a red car on the left."), stage, seed, 0);
const STEPS = 100;

/** Everything may learn that the losses reach. */
async function build() {
  const root = Scope.root();
  const losses = { ...traceLayout(root, model, stage.batch.layout) };
  const options = { optimizer: { ...ADAMW, weightDecay: 0 }, trains: () => true };
  const total = add(losses.naming, losses.clearing);
  const device = { device: "cpu", threads: 1 } as const;
  return TrainingProgram.build(nodeEngine, device, root, total, losses, options, new Random(1));
}

it("learns to lay out prompts and to clear pictures of things", async () => {
  const program = await build();
  const done: Record<string, number>[] = [];
  for (let step = 0; step < STEPS; step++) done.push(await program.step(batch, 0.003));
  await program.release();
  expect(done[STEPS - 1].naming).toBeLessThan(0.5 * done[0].naming);
  expect(done[STEPS - 1].clearing).toBeLessThan(0.6 * done[0].clearing);
});

it("reaches nothing but what lays out", async () => {
  const program = await build();
  await program.step(batch, 0.003);
  const { moment1 } = await program.state();
  await program.release();
  const moved = [...moment1].filter(([, { data }]) => (data as Float32Array).some((value) => value !== 0));
  const names = moved.map(([name]) => name);
  expect(names.length).toBeGreaterThan(20);
  expect(names.filter((name) => !name.startsWith("layout."))).toEqual([]);
});

it("is a task of a stage like others", () => {
  expect(Object.keys(traceJointLoss(model, stage).losses)).toEqual(["layout"]);
});
