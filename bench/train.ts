/**
 * How fast training goes: samples a second and achieved GFLOPS of every stage of a configuration, beside the machine's own matrix
 * product in ONNX Runtime in the same run. `npm run bench:train -- [config] [steps] [--device cpu] [--profile]`
 *
 * Arithmetic is that of matrix products: each once forward, and once more for each factor that needs a gradient. Everything else (norms,
 * activations, AdamW, making batches) counts as nothing, so it shows as a lower figure. With `--profile` the kernels of every stage's step follow, the dearest first,
 * and where each ran.
 */
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { requireDevice } from "../src/cli/probe-device.ts";
import { caption, planScene } from "../src/data/index.ts";
import type { UniPicConfig } from "../src/models/config.ts";
import { Random } from "../src/random.ts";
import { type Device, parseDevice } from "../src/runtime/device.ts";
import type { Engine } from "../src/runtime/engine.ts";
import { nodeEngine } from "../src/runtime/node.ts";
import { Tokenizer, trainTokenizer } from "../src/text/index.ts";
import { makeBatch } from "../src/training/batches.ts";
import { learningOf, traceJointLoss } from "../src/training/joint-program.ts";
import { type StageConfig, samplesIn } from "../src/training/stage.ts";
import { sizedModel } from "../src/training/stage-size.ts";
import { parseTrainConfig } from "../src/training/train-config.ts";
import { TrainingProgram } from "../src/training/training-program.ts";
import { wholeNumber } from "./arguments.ts";
import { machineLine } from "./machine.ts";
import { machineSpeed, sizesOf, trainingFlops } from "./product-flops.ts";
import { type KernelUse, profilingEngine } from "./profiling-engine.ts";
import { run } from "./run.ts";

/** Steps that fill caches and are not counted. */
const WARM = 2;
/** Kernels that are shown of a profile. */
const SHOWN = 12;

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { device: { type: "string", default: "cpu" }, profile: { type: "boolean", default: false } },
  });
  const device = parseDevice(values.device);
  if (device !== "cpu") await requireDevice(device);
  const [path = "configs/unipic-mini.json", counted = "10"] = positionals;
  const steps = wholeNumber("steps", counted, 1);
  const plan = parseTrainConfig(JSON.parse(readFileSync(path, "utf8")), path);
  console.log(machineLine("onnxruntime-node"));
  const random = new Random(plan.seed);
  const texts = Array.from({ length: 2000 }, () => caption(random, planScene(random, { heldOut: "any" })));
  const made = trainTokenizer(texts, plan.tokenizer);
  const tokenizer = new Tokenizer(made.tokenizer as Record<string, unknown>, made.config as Record<string, unknown>);
  const rows = Math.ceil(tokenizer.vocabularySize / 64) * 64;
  const config = { ...plan.model, llm: { ...plan.model.llm, vocab_size: rows } };
  const product = await machineSpeed();
  console.log(`matrix product 1024x1024x1024, fp32: ${product.toFixed(0)} GFLOPS`);
  for (const stage of plan.stages) {
    const kernels: KernelUse[] = [];
    const engine = values.profile ? profilingEngine((_, found) => kernels.push(...found)) : nodeEngine;
    const { seconds, flop } = await measure(stage, config, tokenizer, plan.seed, steps, { engine, device });
    const samples = samplesIn(stage.batch) * steps;
    const speed = flop / seconds / 1e9;
    console.log(
      `stage "${stage.name}": ${(samples / seconds).toFixed(1)} samples/s, ${(flop / samples / 1e9).toFixed(2)} GFLOP a sample, ` +
        `${speed.toFixed(0)} GFLOPS achieved = ${((100 * speed) / product).toFixed(0)} % of the matrix product`,
    );
    showKernels(kernels);
  }
}

/** Seconds of so many steps, and floating-point operations of their matrix products. */
async function measure(
  stage: StageConfig,
  config: UniPicConfig,
  tokenizer: Tokenizer,
  seed: number,
  steps: number,
  { engine, device }: { engine: Engine; device: Device },
): Promise<{ seconds: number; flop: number }> {
  const model = sizedModel(config, stage.size);
  const { root, total, losses } = traceJointLoss(model, stage);
  const options = learningOf(stage);
  const random = new Random(seed);
  const program = await TrainingProgram.build(engine, { device }, root, total, losses, options, random);
  const learning = new Set([...root.parameters].flatMap(([name, tensor]) => (options.trains(name) ? [tensor] : [])));
  let seconds = 0;
  let flop = 0;
  for (let step = -WARM; step < steps; step++) {
    const batch = makeBatch(model, tokenizer, stage, seed, step + WARM);
    const start = performance.now();
    await program.step(batch, 1e-4);
    if (step < 0) continue;
    seconds += (performance.now() - start) / 1000;
    const parts = Object.values(losses);
    flop += trainingFlops(parts, sizesOf(parts, batch), learning);
  }
  await program.release();
  return { seconds, flop };
}

function showKernels(kernels: readonly KernelUse[]): void {
  const all = kernels.reduce((sum, { milliseconds }) => sum + milliseconds, 0);
  for (const { kernel, place, calls, milliseconds } of kernels.slice(0, SHOWN)) {
    const share = `${((100 * milliseconds) / all).toFixed(1)} %`;
    const cells = [share.padStart(8), `${milliseconds.toFixed(1)} ms`.padStart(10), kernel.padEnd(18), place.padEnd(6)];
    console.log(`  ${cells.join("  ")} ${calls.toFixed(0)} calls`);
  }
  const fallenBack = kernels.filter(({ place }) => place === "CPU");
  if (fallenBack.length === 0 || fallenBack.length === kernels.length) return;
  const counts = fallenBack.map(({ kernel, calls }) => `${kernel} ${calls.toFixed(0)}`);
  console.log(`  on the processor: ${counts.sort().join(", ")}`);
}

await run(main);
