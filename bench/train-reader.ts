/**
 * Trains the reader that scores drawn pictures: `npm run reader:train -- [--vae PATH] [--out FOLDER] [--seed N] [--steps N] ...`.
 * Ctrl-C stops it without writing anything.
 */
import { writeFile } from "node:fs/promises";
import { cpus } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { PlanOptions } from "../src/data/index.ts";
import { UserError } from "../src/errors.ts";
import { Autoencoder } from "../src/evaluation/autoencoder.ts";
import { measureCeiling } from "../src/evaluation/ceiling.ts";
import { readerCard } from "../src/evaluation/reader/card.ts";
import { Reader, saveReader } from "../src/evaluation/reader/reader.ts";
import { READER, trainReader } from "../src/evaluation/reader/train.ts";
import { ceilingTable, textTable } from "../src/evaluation/tables.ts";
import { BENCHMARK_WORLD, planPrompts } from "../src/evaluation/tasks.ts";
import { nodeEngine } from "../src/runtime/node.ts";
import { wholeNumber } from "./arguments.ts";
import { run } from "./run.ts";

const CEILING_SCENES = 1000;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      vae: { type: "string", default: "models/unipic-mini" },
      out: { type: "string", default: "models/reader" },
      seed: { type: "string", default: "1" },
      steps: { type: "string", default: "2700" },
      batch: { type: "string", default: "32" },
      threads: { type: "string", default: "1" },
    },
  });
  const [seed, steps, batch, threads] = (["seed", "steps", "batch", "threads"] as const).map((name) =>
    wholeNumber(name, values[name], name === "seed" ? 0 : 1),
  );
  const stop = new AbortController();
  process.once("SIGINT", () => stop.abort(new UserError("Stopped; nothing was written.")));

  const autoencoder = await Autoencoder.load(nodeEngine, values.vae, threads);
  const start = performance.now();
  const weights = await trainReader(nodeEngine, {
    autoencoder,
    seed,
    steps,
    batch,
    threads,
    learningRate: 2.5e-3,
    signal: stop.signal,
    onProgress: ({ step, loss, objectsRight, samplesPerSecond, secondsLeft }) => {
      if (step % 25 !== 0 && step !== steps) return;
      const right = `${(100 * objectsRight).toFixed(1)} % of objects right`;
      const speed = `${samplesPerSecond.toFixed(0)} samples/s, ${Math.ceil(secondsLeft)} s left`;
      console.log(`step ${step}/${steps}  loss ${loss.toFixed(3)}  ${right}  ${speed}`);
    },
  });
  const seconds = (performance.now() - start) / 1000;
  await saveReader(values.out, READER, weights);

  // Measured on what was written, so that half precision is part of it.
  const reader = await Reader.load(values.out, { threads });
  const plan = (world: PlanOptions) => planPrompts(seed + 1_000_000, CEILING_SCENES, world);
  const ceilings = await measureCeiling(reader, plan(BENCHMARK_WORLD), { seed, autoencoder });
  const [anywhere] = await measureCeiling(reader, plan({ ...BENCHMARK_WORLD, jitter: 1 }), { seed });
  ceilings.push({ ...anywhere, of: "clean, anywhere in the picture" });
  console.log(`\n${ceilingTable(ceilings, textTable)}`);
  const machine = `${threads} ${threads === 1 ? "thread" : "threads"} of ${cpus()[0]?.model ?? "an unknown processor"}`;
  const facts = { seed, steps, batch, seconds, machine, scenes: CEILING_SCENES };
  await writeFile(join(values.out, "README.md"), readerCard(READER, facts, ceilings));
  await Promise.all([reader.release(), autoencoder.release()]);
}

await run(main);
