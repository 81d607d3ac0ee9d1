import { BACKGROUND_KINDS, COLOR_NAMES, EASY_OBJECTS } from "../../data/index.ts";
import { Scope } from "../../nn/scope.ts";
import { Random } from "../../random.ts";
import type { Engine } from "../../runtime/engine.ts";
import {
  add,
  argMax,
  cast,
  equal,
  input,
  logSoftmax,
  multiply,
  negate,
  reduceMean,
  reduceSum,
  type Tensor,
} from "../../tensor/index.ts";
import { learningRate } from "../../training/learning-rate.ts";
import { ADAMW } from "../../training/optimizer.ts";
import type { Values } from "../../training/parameters.ts";
import { TrainingProgram } from "../../training/training-program.ts";
import type { Autoencoder } from "../autoencoder.ts";
import { NATURAL, namesOf, PARTS, type Part, type ReaderConfig } from "./config.ts";
import { readerNetwork } from "./network.ts";
import { readerBatch } from "./samples.ts";

/** The reader that ships: what the first stage of training shows, at the small model's resolution. */
export const READER: ReaderConfig = {
  model_type: "unipic-reader",
  size: 64,
  widths: [32, 64, 96, 128],
  objects: EASY_OBJECTS,
  colors: [NATURAL, ...COLOR_NAMES],
  backgrounds: BACKGROUND_KINDS,
  least_confidence: 0.3,
};

export interface ReaderProgress {
  step: number;
  steps: number;
  /** Cross entropy, averaged over the last steps. */
  loss: number;
  /** The share of (degraded) pictures whose object was told right, averaged over the last steps. */
  objectsRight: number;
  samplesPerSecond: number;
  secondsLeft: number;
}

export interface TrainReaderOptions {
  config?: ReaderConfig;
  /** Whose softness the reader learns to look through; without one it learns from renders alone. */
  autoencoder?: Autoencoder;
  seed: number;
  steps: number;
  batch: number;
  learningRate: number;
  threads?: number;
  signal?: AbortSignal;
  onProgress?: (progress: ReaderProgress) => void;
}

/** How much each part counts: telling objects apart is the hard one. */
const WEIGHTS: Readonly<Record<Part, number>> = { object: 1, color: 0.5, background: 0.25 };
const KEPT_AVERAGE = 0.995;
const PROGRESS_SMOOTHING = 0.95;

/** Trains a reader from scratch; the same seed gives the same weights. Returns their moving average. */
export async function trainReader(engine: Engine, options: TrainReaderOptions): Promise<Values> {
  const { config = READER, steps, batch } = options;
  const root = Scope.root();
  const { total, reported } = traceLoss(root, config, batch);
  const random = new Random(options.seed);
  const program = await TrainingProgram.build(
    engine,
    { device: "cpu", threads: options.threads },
    root,
    total,
    reported,
    { optimizer: ADAMW, ema: KEPT_AVERAGE, trains: () => true },
    random.fork(),
  );
  const rate = { peak: options.learningRate, warmup: Math.ceil(steps / 20), steps, shape: "cosine" } as const;
  const start = performance.now();
  let [loss, objectsRight] = [0, 0];
  for (let step = 0; step < steps; step++) {
    options.signal?.throwIfAborted();
    const feeds = await readerBatch(random, config, batch, options.autoencoder);
    const losses = await program.step(feeds, learningRate(step, rate));
    const kept = Math.min(PROGRESS_SMOOTHING, step / (step + 1));
    loss = kept * loss + (1 - kept) * losses.total;
    objectsRight = kept * objectsRight + (1 - kept) * losses.objects_right;
    const seconds = (performance.now() - start) / 1000;
    const done = step + 1;
    const samplesPerSecond = (done * batch) / seconds;
    options.onProgress?.({
      step: done,
      steps,
      loss,
      objectsRight,
      samplesPerSecond,
      secondsLeft: ((steps - done) * batch) / samplesPerSecond,
    });
  }
  const { weights } = program;
  await program.release();
  return weights;
}

/** The weighted cross entropy of a batch, and the share of objects told right. */
function traceLoss(
  root: Scope,
  config: ReaderConfig,
  batch: number,
): { total: Tensor; reported: Record<string, Tensor> } {
  const pixels = input("pixels", "float32", [batch, 3, config.size, config.size]);
  const scores = readerNetwork(root, config, pixels);
  const target = (part: Part) => input(part, "float32", [batch, namesOf(config, part).length]);
  const targets = Object.fromEntries(PARTS.map((part) => [part, target(part)])) as Record<Part, Tensor>;
  const entropy = (part: Part) => negate(reduceMean(reduceSum(multiply(logSoftmax(scores[part]), targets[part]), [1])));
  const total = PARTS.map((part) => multiply(entropy(part), WEIGHTS[part])).reduce((sum, term) => add(sum, term));
  const right = equal(argMax(scores.object, 1), argMax(targets.object, 1));
  return { total, reported: { objects_right: reduceMean(cast(right, "float32")) } };
}
