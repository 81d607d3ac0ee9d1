import { describe, expect, test } from "vitest";
import { Random } from "../../src/random.ts";
import type { Engine } from "../../src/runtime/engine.ts";
import { nodeEngine } from "../../src/runtime/node.ts";
import { isOnDevice } from "../../src/runtime/values.ts";
import { makeBatch } from "../../src/training/batches.ts";
import { traceJointLoss } from "../../src/training/joint-program.ts";
import { learnerOf } from "../../src/training/learning-names.ts";
import { ADAMW } from "../../src/training/optimizer.ts";
import { NO_SAMPLES } from "../../src/training/stage.ts";
import { TrainingProgram } from "../../src/training/training-program.ts";
import { hasGpu, onGpu } from "../helpers/gpu.ts";
import { tinyPlan } from "./tiny-plan.ts";
import { tinyTokenizer } from "./tiny-tokenizer.ts";

const STEPS = 3;
const isThere = await hasGpu();
const { model, stages, seed } = tinyPlan(STEPS);
const batch = { ...NO_SAMPLES, generation: 2, understanding: 2 };
const stage = { ...stages[0], batch, freezes: ["siglip2."] };
const tokenizer = tinyTokenizer("a red car", "a blue apple", "What color is the car?");

/** Some steps of the tiny stage, and how many arrays each step was given in host memory and on the device. */
async function learn(device: "cpu" | "webgpu") {
  const given: { host: number; device: number }[] = [];
  const engine: Engine = {
    async load(program, options) {
      const loaded = await nodeEngine.load(program, options);
      return {
        run(feeds, into) {
          const onDevice = Object.values(feeds).filter(isOnDevice).length;
          given.push({ host: Object.keys(feeds).length - onDevice, device: onDevice });
          return loaded.run(feeds, into);
        },
        release: () => loaded.release(),
      };
    },
  };
  const { root, total, losses } = traceJointLoss(model, stage);
  const options = { optimizer: ADAMW, ema: 0.9, trains: learnerOf(stage) };
  const program = await TrainingProgram.build(engine, { device }, root, total, losses, options, new Random(1));
  const inputs = Object.keys(makeBatch(model, tokenizer, stage, seed, 0)).length;
  const reported: number[] = [];
  for (let step = 0; step < STEPS; step++) {
    reported.push((await program.step(makeBatch(model, tokenizer, stage, seed, step), 0.004)).total);
  }
  const state = await program.state();
  await program.release();
  return { reported, state, given, inputs };
}

describe.skipIf(!isThere)(onGpu("training on a GPU", isThere), () => {
  test("learns what the processor learns, and keeps its state on the device", async () => {
    const [wanted, got] = [await learn("cpu"), await learn("webgpu")];
    for (const [step, loss] of got.reported.entries()) expect(loss).toBeCloseTo(wanted.reported[step], 3);
    expect(got.state.step).toBe(STEPS);
    for (const group of ["parameters", "average"] as const) {
      for (const [name, { data }] of wanted.state[group]!) {
        const values = got.state[group]!.get(name)!.data as Float32Array;
        const farthest = (data as Float32Array).reduce(
          (far, value, i) => Math.max(far, Math.abs(value - values[i])),
          0,
        );
        // A step moves a parameter by at most the learning rate, whichever way its gradient rounds.
        expect(farthest, name).toBeLessThan(STEPS * 2 * 0.004);
      }
    }
    // After the first step, all but the batch and three scalars lies there; frozen weights do from the beginning.
    const last = got.given.at(-1)!;
    expect(last.host).toBe(got.inputs + 3);
    expect(last.device).toBe(wanted.given.at(-1)!.host - last.host);
    const isFrozen = (name: string) => name.startsWith("siglip2.") || name.startsWith("vae.");
    expect(got.given.at(-STEPS)!.device).toBe([...got.state.parameters.keys()].filter(isFrozen).length);
  }, 600_000);
});
