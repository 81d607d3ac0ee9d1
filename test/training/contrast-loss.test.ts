import { describe, expect, it } from "vitest";
import { Scope } from "../../src/nn/scope.ts";
import { Random } from "../../src/random.ts";
import { nodeEngine } from "../../src/runtime/node.ts";
import { hostArray } from "../../src/tensor/dtype.ts";
import { makeBatch } from "../../src/training/batches.ts";
import { contrastTask } from "../../src/training/contrast-loss.ts";
import { ADAMW } from "../../src/training/optimizer.ts";
import { NO_SAMPLES } from "../../src/training/stage.ts";
import { TrainingProgram } from "../../src/training/training-program.ts";
import { tinyPlan } from "./tiny-plan.ts";
import { tinyTokenizer } from "./tiny-tokenizer.ts";

const BATCH = 8;
const { model, stages, seed } = tinyPlan(10);
const tokenizer = tinyTokenizer("a picture of a red car", "a blue apple on the grass");
const stage = { ...stages[0], batch: { ...NO_SAMPLES, contrast: BATCH } };
const batch = (step: number) => makeBatch(model, tokenizer, stage, seed, step);

async function program() {
  const root = Scope.root();
  const total = contrastTask(root, model, BATCH);
  const options = { optimizer: ADAMW, trains: () => true };
  const device = { device: "cpu", threads: 1 } as const;
  return TrainingProgram.build(nodeEngine, device, root, total, { contrast: total }, options, new Random(1));
}

describe("contrastLoss", () => {
  it("is what the pairs' sigmoids say where pictures and captions are known", async () => {
    const built = await program();
    // A tower whose last norm gives every patch the same vector, and captions of one word each: the cosine is the word's.
    const { parameters } = await built.state();
    const norm = parameters.get("siglip2.vision_model.post_layernorm.weight")!.data as Float32Array;
    const shift = parameters.get("siglip2.vision_model.post_layernorm.bias")!.data as Float32Array;
    const table = parameters.get("siglip2.text_model.embeddings.token_embedding.weight")!.data as Float32Array;
    norm.fill(0);
    shift.fill(0).set([1]);
    const width = model.siglip2.hidden_size;
    const cosines = [1, 0.6, -0.8];
    cosines.forEach((cosine, id) => {
      table.fill(0, id * width, (id + 1) * width).set([cosine, Math.sqrt(1 - cosine ** 2)], id * width);
    });
    const vocabulary = model.llm.vocab_size;
    const words = new Float32Array(BATCH * vocabulary);
    for (let i = 0; i < BATCH; i++) words[i * vocabulary + (i % 3)] = 1;
    const pairs = Float32Array.from({ length: BATCH * BATCH }, (_, at) =>
      Math.floor(at / BATCH) === at % BATCH ? 1 : -1,
    );
    const given = {
      ...batch(0),
      "contrast.words": hostArray("float32", [BATCH, vocabulary], words),
      "contrast.pairs": hostArray("float32", [BATCH, BATCH], pairs),
    };
    let wanted = 0;
    for (let row = 0; row < BATCH; row++) {
      for (let column = 0; column < BATCH; column++) {
        const logit = 10 * cosines[column % 3] - 10;
        wanted += Math.log1p(Math.exp(row === column ? -logit : logit)) / BATCH;
      }
    }
    const { contrast } = await built.step(given, 0);
    expect(contrast).toBeCloseTo(wanted, 4);
    await built.release();
  });

  it("falls as the tower learns to tell pictures apart", async () => {
    const built = await program();
    const losses: number[] = [];
    for (let step = 0; step < 120; step++) losses.push((await built.step(batch(step), 3e-3)).contrast);
    const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
    expect(mean(losses.slice(-10))).toBeLessThan(0.6 * mean(losses.slice(0, 10)));
    await built.release();
  });
});
