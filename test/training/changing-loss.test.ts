import { expect, it } from "vitest";
import { Scope } from "../../src/nn/scope.ts";
import { Random } from "../../src/random.ts";
import { nodeEngine } from "../../src/runtime/node.ts";
import { makeBatch } from "../../src/training/batches.ts";
import { changingTotal, traceChanging } from "../../src/training/changing-loss.ts";
import { traceJointLoss } from "../../src/training/joint-program.ts";
import { ADAMW } from "../../src/training/optimizer.ts";
import { NO_SAMPLES } from "../../src/training/stage.ts";
import { TrainingProgram } from "../../src/training/training-program.ts";
import { tinyPlan } from "./tiny-plan.ts";
import { tinyTokenizer } from "./tiny-tokenizer.ts";

const { model, stages, seed } = tinyPlan(1);
const edits = { types: ["adjust", "remove"], adjust: "color" } as const;
const stage = { ...stages[0], batch: { ...NO_SAMPLES, changing: 6 }, edits };
const batch = makeBatch(model, tinyTokenizer("Change the color of the car to blue."), stage, seed, 0);
const STEPS = 120;

/** Everything may learn that the losses reach. */
async function build() {
  const root = Scope.root();
  const losses = { ...traceChanging(root, model, stage.batch.changing) };
  const total = changingTotal(losses);
  const options = { optimizer: { ...ADAMW, weightDecay: 0 }, trains: () => true };
  const device = { device: "cpu", threads: 1 } as const;
  return TrainingProgram.build(nodeEngine, device, root, total, losses, options, new Random(1));
}

it("learns what an instruction says, where that is, what is behind it and how it looks in a color", async () => {
  const program = await build();
  const done: Record<string, number>[] = [];
  for (let step = 0; step < STEPS; step++) done.push(await program.step(batch, 0.003));
  await program.release();
  const left = (name: string) => done[STEPS - 1][name] / done[0][name];
  expect(left("telling")).toBeLessThan(0.3);
  expect(left("finding")).toBeLessThan(0.5);
  expect(left("clearing")).toBeLessThan(0.6);
  expect(left("recoloring")).toBeLessThan(0.6);
});

it("reaches nothing but what changes things", async () => {
  const program = await build();
  await program.step(batch, 0.003);
  const { moment1 } = await program.state();
  await program.release();
  const moved = [...moment1].filter(([, { data }]) => (data as Float32Array).some((value) => value !== 0));
  const names = moved.map(([name]) => name);
  expect(names.length).toBeGreaterThan(30);
  expect(names.filter((name) => !name.startsWith("mar.source_pixels.change."))).toEqual([]);
});

it("is a task of a stage like others", () => {
  expect(Object.keys(traceJointLoss(model, stage).losses)).toEqual(["changing"]);
});
