/**
 * How fast training goes: samples a second and achieved GFLOPS of every stage of a configuration, beside the machine's own matrix
 * product in ONNX Runtime in the same run. `npm run bench:train -- [config] [steps]`
 *
 * Arithmetic is counted as three times the matrix products of the forward pass (one forward, two backward), as is usual; everything
 * else (norms, activations, AdamW, making batches) counts as nothing, so it shows as a lower figure.
 */
import { readFileSync } from "node:fs";
import { caption, planScene } from "../src/data/index.ts";
import { Random } from "../src/random.ts";
import { nodeEngine } from "../src/runtime/node.ts";
import { Tokenizer, trainTokenizer } from "../src/text/index.ts";
import { makeBatch } from "../src/training/batches.ts";
import { traceJointLoss } from "../src/training/joint-program.ts";
import { learnerOf } from "../src/training/learning-names.ts";
import { ADAMW } from "../src/training/optimizer.ts";
import { samplesIn } from "../src/training/stage.ts";
import { sizedModel } from "../src/training/stage-size.ts";
import { parseTrainConfig } from "../src/training/train-config.ts";
import { TrainingProgram } from "../src/training/training-program.ts";
import { machineLine } from "./machine.ts";
import { machineSpeed, productFlops, sizesOf } from "./product-flops.ts";

const path = process.argv[2] ?? "configs/unipic-mini.json";
const steps = Number(process.argv[3] ?? 10);
const plan = parseTrainConfig(JSON.parse(readFileSync(path, "utf8")), path);

console.log(machineLine("onnxruntime-node"));
const random = new Random(plan.seed);
const texts = Array.from({ length: 2000 }, () => caption(random, planScene(random, { heldOut: "any" })));
const made = trainTokenizer(texts, plan.tokenizer);
const tokenizer = new Tokenizer(made.tokenizer as Record<string, unknown>, made.config as Record<string, unknown>);
const config = { ...plan.model, llm: { ...plan.model.llm, vocab_size: Math.ceil(tokenizer.vocabularySize / 64) * 64 } };
const product = await machineSpeed();
console.log(`matrix product 1024x1024x1024, fp32: ${product.toFixed(0)} GFLOPS`);
for (const stage of plan.stages) {
  const model = sizedModel(config, stage.size);
  const { root, total, losses } = traceJointLoss(model, stage);
  const options = { optimizer: ADAMW, ema: stage.ema, trains: learnerOf(stage) };
  const program = await TrainingProgram.build(nodeEngine, { device: "cpu" }, root, total, losses, options, random);
  const samples = samplesIn(stage.batch);
  let seconds = 0;
  let flops = 0;
  // The first steps fill caches and are not counted.
  for (let step = -2; step < steps; step++) {
    const batch = makeBatch(model, tokenizer, stage, plan.seed, step + 2);
    const start = performance.now();
    await program.step(batch, 1e-4);
    if (step < 0) continue;
    seconds += (performance.now() - start) / 1000;
    flops += 3 * productFlops(Object.values(losses), sizesOf(Object.values(losses), batch));
  }
  await program.release();
  const speed = flops / seconds / 1e9;
  console.log(
    `stage "${stage.name}": ${((samples * steps) / seconds).toFixed(1)} samples/s, ${(flops / steps / samples / 1e9).toFixed(2)} GFLOP a sample, ` +
      `${speed.toFixed(0)} GFLOPS achieved = ${((100 * speed) / product).toFixed(0)} % of the matrix product`,
  );
}
