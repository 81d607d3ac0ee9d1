import { expect, it } from "vitest";
import { Scope } from "../../src/nn/scope.ts";
import { traceDrawing } from "../../src/training/joint-program.ts";
import { editing, tinyModel, trainEdits } from "./train-edits.ts";

const config = { ...tinyModel, mar: { ...tinyModel.mar, source_tokens: true } };
const train = (steps: number, repeats: number) =>
  trainEdits(config, { trains: "mar.source_change.", steps, rate: 0.003, repeats });

it("learns what becomes of an edit's source beside what the head predicts", async () => {
  const steps = await train(30, 0);
  for (const step of steps) expect(step.total).toBeCloseTo(step.diffusion + 0.5 * step.change, 5);
  expect(steps[29].change).toBeLessThan(0.7 * steps[0].change);
});

it("is off by nothing at first where the picture is only to be repeated", async () => {
  expect((await train(1, 1))[0].change).toBe(0);
});

it("has no such loss where the head is not shown the source", () => {
  expect(traceDrawing(Scope.root(), tinyModel, "editing", editing).change).toBeUndefined();
});
