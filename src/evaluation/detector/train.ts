import { BACKGROUND_COLOR_NAMES } from "../../data/colors.ts";
import { BACKGROUND_KINDS, COLOR_NAMES, OBJECT_NAMES } from "../../data/index.ts";
import { UserError } from "../../errors.ts";
import { Random } from "../../random.ts";
import type { Engine } from "../../runtime/engine.ts";
import { loadState, type RunPosition, saveState } from "../../training/checkpoint.ts";
import { learningRate } from "../../training/learning-rate.ts";
import { ADAMW } from "../../training/optimizer.ts";
import type { Values } from "../../training/parameters.ts";
import { averagedWeights, TrainingProgram } from "../../training/training-program.ts";
import type { Autoencoder } from "../autoencoder.ts";
import type { DetectorConfig } from "./config.ts";
import { traceDetectorLoss } from "./loss.ts";
import { detectorBatch } from "./samples.ts";

/** The detector that ships: the whole picture world, at the small model's resolution. */
export const DETECTOR: DetectorConfig = {
  model_type: "unipic-detector",
  size: 64,
  widths: [32, 64, 128, 160],
  objects: OBJECT_NAMES,
  colors: COLOR_NAMES,
  backgrounds: BACKGROUND_KINDS,
  background_colors: BACKGROUND_COLOR_NAMES,
  least_score: 0.2,
};

export interface DetectorProgress {
  /** Steps done, of how many. */
  step: number;
  steps: number;
  /** The losses and the share of (degraded) objects told right, averaged over the last steps. */
  averages: Readonly<Record<string, number>>;
  samplesPerSecond: number;
  secondsLeft: number;
}

export interface TrainDetectorOptions {
  config?: DetectorConfig;
  /** Whose softness the detector learns to look through; without one it learns from renders alone. */
  autoencoder?: Autoencoder;
  /** Where the run keeps its state; a run that is found there is continued. Nothing is kept without a folder. */
  folder?: string;
  seed: number;
  steps: number;
  batch: number;
  learningRate: number;
  /** Steps between two checkpoints; 250 otherwise. */
  checkpointEvery?: number;
  threads?: number;
  signal?: AbortSignal;
  onProgress?: (progress: DetectorProgress) => void;
}

const KEPT_AVERAGE = 0.998;
const PROGRESS_SMOOTHING = 0.98;
const CHECKPOINT_EVERY = 250;

/**
 * Trains a detector, continuing a run found in the folder; the same seed gives the same weights, stopped on the way or not. When the
 * signal fires, the state is saved before the signal's reason is thrown. Returns the weights' moving average.
 *
 * @throws UserError when the loss is no number any more
 */
export async function trainDetector(engine: Engine, options: TrainDetectorOptions): Promise<Values> {
  const { config = DETECTOR, steps, batch, seed, folder, checkpointEvery = CHECKPOINT_EVERY } = options;
  const { root, total, reported } = traceDetectorLoss(config, batch);
  const found = folder === undefined ? undefined : await loadState(folder);
  const program = await TrainingProgram.build(
    engine,
    { device: "cpu", threads: options.threads },
    root,
    total,
    reported,
    { optimizer: ADAMW, ema: KEPT_AVERAGE, trains: () => true },
    new Random(seed),
    found?.state,
  );
  const first = program.stepsDone;
  const rate = { peak: options.learningRate, warmup: Math.ceil(steps / 40), steps, shape: "cosine" } as const;
  const save = async () => {
    const { stepsDone: step } = program;
    const position: RunPosition = { stage: 0, stageStep: step, step, samples: step * batch };
    if (folder !== undefined) await saveState(folder, await program.state(), position);
  };
  const averages: Record<string, number> = {};
  const start = performance.now();
  try {
    for (let step = first; step < steps; step++) {
      if (options.signal?.aborted) {
        await save();
        throw options.signal.reason;
      }
      const feeds = await detectorBatch(config, batch, seed, step, options.autoencoder);
      const losses = await program.step(feeds, learningRate(step, rate));
      if (!Number.isFinite(losses.total)) {
        throw new UserError(`The loss became ${losses.total} at step ${step}: lower the learning rate.`);
      }
      const done = step + 1;
      const kept = Math.min(PROGRESS_SMOOTHING, (step - first) / (done - first));
      for (const [name, loss] of Object.entries(losses))
        averages[name] = kept * (averages[name] ?? 0) + (1 - kept) * loss;
      const samplesPerSecond = ((done - first) * batch * 1000) / (performance.now() - start);
      const secondsLeft = ((steps - done) * batch) / samplesPerSecond;
      options.onProgress?.({ step: done, steps, averages, samplesPerSecond, secondsLeft });
      if (done % checkpointEvery === 0 || done === steps) await save();
    }
    return averagedWeights(await program.state());
  } finally {
    await program.release();
  }
}
