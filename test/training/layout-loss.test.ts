import { expect, it } from "vitest";
import { Scope } from "../../src/nn/scope.ts";
import { add } from "../../src/tensor/index.ts";
import { makeBatch } from "../../src/training/batches.ts";
import { traceJointLoss } from "../../src/training/joint-program.ts";
import { traceLayout } from "../../src/training/layout-loss.ts";
import { NO_SAMPLES } from "../../src/training/stage.ts";
import { tinyPlan } from "./tiny-plan.ts";
import { tinyTokenizer } from "./tiny-tokenizer.ts";
import { trainAlone } from "./train-alone.ts";

const { model, stages, seed } = tinyPlan(1);
const stage = { ...stages[0], batch: { ...NO_SAMPLES, layout: 4 }, scenes: {} };
const batch = makeBatch(model, tinyTokenizer("There is a red car on the left."), stage, seed, 0);
const STEPS = 100;

it("learns to lay out prompts and to clear pictures of things, and reaches nothing else", async () => {
  const root = Scope.root();
  const losses = { ...traceLayout(root, model, stage.batch.layout) };
  const total = add(losses.naming, losses.clearing);
  const { done, moved } = await trainAlone(root, total, losses, batch, STEPS);
  expect(done[STEPS - 1].naming).toBeLessThan(0.5 * done[0].naming);
  expect(done[STEPS - 1].clearing).toBeLessThan(0.6 * done[0].clearing);
  expect(moved.length).toBeGreaterThan(20);
  expect(moved.filter((name) => !name.startsWith("layout."))).toEqual([]);
});

it("is a task of a stage like others", () => {
  expect(Object.keys(traceJointLoss(model, stage).losses)).toEqual(["layout"]);
});
