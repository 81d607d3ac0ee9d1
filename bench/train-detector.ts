/**
 * Trains the detector that scores drawn pictures, measures it and writes its folder: `npm run detector:train -- [--steps N] ...`. Ctrl-C
 * stops it and saves; the same command continues. With `--steps` no more than are done, it measures and writes what there is.
 */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { UserError } from "../src/errors.ts";
import { Autoencoder } from "../src/evaluation/autoencoder.ts";
import { detectorCard, ratesTables } from "../src/evaluation/detector/card.ts";
import { Detector, saveDetector } from "../src/evaluation/detector/detector.ts";
import { measureReader } from "../src/evaluation/detector/measure.ts";
import { DETECTOR, trainDetector } from "../src/evaluation/detector/train.ts";
import { textTable } from "../src/evaluation/report.ts";
import { nodeEngine } from "../src/runtime/node.ts";
import { wholeNumber } from "./arguments.ts";
import { run } from "./run.ts";

/** Progress is said every so many steps. */
const SAY_EVERY = 50;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      vae: { type: "string", default: "models/unipic-mini" },
      run: { type: "string", default: "runs/detector" },
      out: { type: "string", default: "models/detector" },
      seed: { type: "string", default: "1" },
      steps: { type: "string", default: "12000" },
      batch: { type: "string", default: "32" },
      scenes: { type: "string", default: "400" },
      threads: { type: "string", default: "1" },
    },
  });
  const [seed, steps, batch, scenes, threads] = (["seed", "steps", "batch", "scenes", "threads"] as const).map((name) =>
    wholeNumber(name, values[name], name === "seed" ? 0 : 1),
  );
  const stop = new AbortController();
  for (const name of ["SIGINT", "SIGTERM"] as const) {
    process.once(name, () =>
      stop.abort(new UserError(`Stopped and saved in ${values.run}; the same command continues.`)),
    );
  }
  const autoencoder = await Autoencoder.load(nodeEngine, values.vae, threads);
  const weights = await trainDetector(nodeEngine, {
    autoencoder,
    folder: values.run,
    seed,
    steps,
    batch,
    threads,
    learningRate: 2e-3,
    signal: stop.signal,
    onProgress: ({ step, averages, samplesPerSecond, secondsLeft }) => {
      if (step % SAY_EVERY !== 0 && step !== steps) return;
      const shown = Object.entries(averages).map(([name, value]) => `${name} ${value.toFixed(3)}`);
      const speed = `${samplesPerSecond.toFixed(0)} samples/s, ${Math.ceil(secondsLeft)} s left`;
      console.log(`step ${step}/${steps}  ${shown.join("  ")}  ${speed}`);
    },
  });
  await saveDetector(values.out, DETECTOR, weights);

  // Measured on what was written, so that half precision is part of it.
  const detector = await Detector.load(values.out, { threads });
  const { size } = detector.config;
  const rates = await measureReader(detector, { seed: seed + 1_000_000, scenes, size, autoencoder });
  console.log(`\n${ratesTables(rates, textTable)}`);
  const parameters = [...weights.values()].reduce((sum, { data }) => sum + data.length, 0);
  const card = detectorCard(DETECTOR, { seed, steps, batch, parameters, scenes }, rates);
  await writeFile(join(values.out, "README.md"), card);
  await Promise.all([detector.release(), autoencoder.release()]);
}

await run(main);
