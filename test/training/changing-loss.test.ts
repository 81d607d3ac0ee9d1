import { expect, it } from "vitest";
import { Scope } from "../../src/nn/scope.ts";
import { makeBatch } from "../../src/training/batches.ts";
import { changingTotal, traceChanging } from "../../src/training/changing-loss.ts";
import { traceJointLoss } from "../../src/training/joint-program.ts";
import { NO_SAMPLES } from "../../src/training/stage.ts";
import { tinyPlan } from "./tiny-plan.ts";
import { tinyTokenizer } from "./tiny-tokenizer.ts";
import { trainAlone } from "./train-alone.ts";

const { model, stages, seed } = tinyPlan(1);
const edits = {
  types: ["adjust", "remove", "style", "add", "action", "action"],
  adjust: "color",
  objects: ["car", "person", "book", "umbrella"],
} as const;
const stage = { ...stages[0], batch: { ...NO_SAMPLES, changing: 10 }, edits };
const batch = makeBatch(model, tinyTokenizer("Change the color of the car to blue."), stage, seed, 0);
const STEPS = 120;

it("learns what an instruction says, where that is, where something new goes, what is behind things and how they look in a color or another pose, and reaches nothing else", async () => {
  const root = Scope.root();
  const losses = { ...traceChanging(root, model, stage.batch.changing) };
  const { done, moved } = await trainAlone(root, changingTotal(losses), losses, batch, STEPS);
  const left = (name: string) => done[STEPS - 1][name] / done[0][name];
  expect(left("telling")).toBeLessThan(0.3);
  expect(left("finding")).toBeLessThan(0.5);
  expect(left("placing")).toBeLessThan(0.5);
  expect(left("clearing")).toBeLessThan(0.6);
  expect(left("recoloring")).toBeLessThan(0.6);
  expect(left("posing")).toBeLessThan(0.6);
  expect(left("restyling")).toBeLessThan(0.6);
  expect(moved.length).toBeGreaterThan(30);
  expect(moved.filter((name) => !name.startsWith("changes."))).toEqual([]);
});

it("is a task of a stage like others", () => {
  expect(Object.keys(traceJointLoss(model, stage).losses)).toEqual(["changing"]);
});
