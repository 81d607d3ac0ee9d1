import { expect, it } from "vitest";
import { Random } from "../../src/random.ts";
import { nodeEngine } from "../../src/runtime/node.ts";
import { makeBatch } from "../../src/training/batches.ts";
import { traceJointLoss } from "../../src/training/joint-program.ts";
import { SOURCE_GRADIENT_SCALE } from "../../src/training/losses.ts";
import { ADAMW } from "../../src/training/optimizer.ts";
import { initialize } from "../../src/training/parameters.ts";
import { NO_SAMPLES } from "../../src/training/stage.ts";
import { TrainingProgram } from "../../src/training/training-program.ts";
import { tinyPlan } from "./tiny-plan.ts";
import { tinyTokenizer } from "./tiny-tokenizer.ts";

const { model, stages, seed } = tinyPlan(1);
const editing = { ...stages[0], batch: { ...NO_SAMPLES, editing: 4 } };
const tokenizer = tinyTokenizer("make the apple blue");

/** The loss of a first step, and how long the gradient of the encoder alone is. */
async function firstStep(sourceGradient = editing.sourceGradient): Promise<Record<string, number>> {
  const { root, total } = traceJointLoss(model, { ...editing, sourceGradient });
  const options = { optimizer: ADAMW, trains: (name: string) => name.startsWith("mar.encoder_") };
  const device = { device: "cpu", threads: 1 } as const;
  // Weights that begin as zeros would let no gradient through.
  const drawn = initialize(root.parameters, new Random(1));
  const noise = new Random(2);
  for (const { data } of drawn.values()) {
    for (let i = 0; i < data.length; i++) data[i] = Number(data[i]) + 0.05 * noise.normal();
  }
  const initial = { parameters: drawn };
  const program = await TrainingProgram.build(nodeEngine, device, root, total, {}, options, new Random(1), initial);
  const losses = await program.step(makeBatch(model, tokenizer, editing, seed, 0), 1e-3);
  await program.release();
  return losses;
}

it("scales what flows back into an edit's source, not the loss", async () => {
  const [asSaid, tenth, none, whole] = [
    await firstStep(),
    await firstStep(0.1),
    await firstStep(0),
    await firstStep(1),
  ];
  expect(SOURCE_GRADIENT_SCALE).toBe(0.1);
  expect(asSaid).toEqual(tenth);
  for (const step of [none, whole]) expect(step.total).toBe(tenth.total);
  // The gradient is that of the canvas plus the scale times that of the source: none + scale (whole - none), as vectors.
  expect(Math.abs(tenth.gradient_norm - none.gradient_norm)).toBeGreaterThan(0);
  expect(Math.abs(whole.gradient_norm - none.gradient_norm)).toBeGreaterThan(
    3 * Math.abs(tenth.gradient_norm - none.gradient_norm),
  );
});
