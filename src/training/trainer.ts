import { appendFile } from "node:fs/promises";
import { join } from "node:path";
import { type BadSample, defaultThreads, draws } from "../data/sets/index.ts";
import { UserError } from "../errors.ts";
import { Random } from "../random.ts";
import type { Device, Engine } from "../runtime/engine.ts";
import { BadSampleLog } from "./bad-samples.ts";
import { learnsFromData } from "./batch-maker.ts";
import { type BatchSource, inlineBatches, threadedBatches } from "./batch-source.ts";
import { discardUnfinished, loadState, type RunPosition, readValues, saveState } from "./checkpoint.ts";
import { openSources } from "./data-source.ts";
import { traceJointLoss } from "./joint-program.ts";
import { cacheLatents } from "./latent-cache.ts";
import { latentKeyOf } from "./latent-set.ts";
import { learningRate } from "./learning-rate.ts";
import { ADAMW } from "./optimizer.ts";
import type { Values } from "./parameters.ts";
import { type Prepared, prepare } from "./prepare.ts";
import type { DataProgress } from "./prepare-data.ts";
import { type StageConfig, samplesIn } from "./stage.ts";
import type { TrainConfig } from "./train-config.ts";
import { TrainingProgram, type TrainingState } from "./training-program.ts";

export interface TrainProgress {
  stage: string;
  /** Steps done in the stage, of how many. */
  step: number;
  steps: number;
  samples: number;
  losses: Record<string, number>;
  learningRate: number;
  samplesPerSecond: number;
  /** Samples of data sets that could not be used, since this start. */
  badSamples: number;
  /** Seconds until the last stage ends, at this speed. */
  secondsLeft: number;
}

export interface TrainOptions {
  train: TrainConfig;
  /** Where the run keeps its state; a run that is found there is continued. */
  folder: string;
  engine: Engine;
  device?: Device;
  threads?: number;
  /** A model folder to start from when there is no run to continue: its weights, tokenizer and autoencoder. */
  from?: string;
  /** Make batches in a thread of their own (the default), or between the steps. */
  threadedData?: boolean;
  signal?: AbortSignal;
  onProgress?: (progress: TrainProgress) => void;
  onVaeProgress?: (progress: { step: number; steps: number; psnr: number }) => void;
  /** Data sets are being read for the tokenizer and the autoencoder, or encoded: what the first start does. */
  onDataProgress?: (progress: DataProgress) => void;
  /** A sample of a data set was skipped; each is told of once, and named in the run's `bad-samples.jsonl`. */
  onBadSample?: (bad: BadSample) => void;
  /** Called after every checkpoint and at the end of every stage, with the averaged weights. */
  onCheckpoint?: (weights: Values, prepared: Prepared, position: RunPosition) => Promise<void>;
}

const SMOOTHING = 0.98;

/**
 * Runs a curriculum, continuing a run found in the folder. When the signal fires, the state is saved before the function throws the
 * signal's reason. Returns the averaged weights.
 */
export async function train(options: TrainOptions): Promise<{ weights: Values; prepared: Prepared }> {
  const { train: plan, folder } = options;
  const bad = new BadSampleLog(folder, options.onBadSample);
  await discardUnfinished(folder);
  const prepared = await prepare({ ...options, onBadSample: (sample) => bad.add(sample) }).finally(() => bad.write());
  const found = await loadState(folder);
  let position: RunPosition = found?.position ?? { stage: 0, stageStep: 0, step: 0, samples: 0 };
  let state: Partial<TrainingState> = found?.state ?? {
    step: 0,
    parameters: options.from === undefined ? undefined : await readValues(options.from),
  };
  let weights: Values = new Map([...(state.parameters ?? []), ...(state.average ?? [])]);
  while (position.stage < plan.stages.length) {
    const run = await StageRun.start(options, prepared, bad, state, position);
    try {
      await run.toEnd();
    } finally {
      await run.close();
    }
    state = run.state;
    weights = run.weights;
    // Every stage reads its data from the beginning.
    position = { ...run.position, stage: position.stage + 1, stageStep: 0, cursors: undefined };
    await saveState(folder, run.state, position);
  }
  return { weights, prepared };
}

/** Makes the latents of a stage's data sets, where it learns from latents and they are not there; returns what names them. */
async function prepareLatents(
  options: TrainOptions,
  { config, vae }: Prepared,
  bad: BadSampleLog,
  stage: StageConfig,
): Promise<string | undefined> {
  if (!learnsFromData(stage) || !stage.data.latents) return undefined;
  const { engine, device = "cpu", threads, signal, onDataProgress } = options;
  const key = latentKeyOf(config, vae);
  try {
    for (const { set, tasks } of await openSources(stage.data)) {
      if (!set || !tasks.some(draws)) continue;
      await cacheLatents(set, {
        config,
        vae,
        key,
        engine,
        device: { device, threads },
        threads: stage.data.threads ?? defaultThreads(),
        signal,
        onProgress: onDataProgress,
        onBad: (sample) => bad.add(sample),
      });
    }
  } finally {
    await bad.write();
  }
  return key;
}

/** One stage under way. */
class StageRun {
  #losses: Record<string, number> = {};
  #seconds = 0;
  #stepsHere = 0;
  #samplesHere = 0;

  private constructor(
    private readonly options: TrainOptions,
    private readonly prepared: Prepared,
    private readonly bad: BadSampleLog,
    private readonly stage: StageConfig,
    private readonly program: TrainingProgram,
    private readonly batches: BatchSource,
    readonly position: RunPosition,
  ) {}

  static async start(
    options: TrainOptions,
    prepared: Prepared,
    bad: BadSampleLog,
    state: Partial<TrainingState>,
    position: RunPosition,
  ): Promise<StageRun> {
    const { train: plan } = options;
    const stage = plan.stages[position.stage];
    const latentKey = await prepareLatents(options, prepared, bad, stage);
    const { root, total, losses } = traceJointLoss(prepared.config, stage);
    const learns = stage.trains ?? [""];
    const program = await TrainingProgram.build(
      options.engine,
      { device: options.device ?? "cpu", threads: options.threads },
      root,
      total,
      losses,
      {
        optimizer: { ...ADAMW, weightDecay: stage.weightDecay },
        ema: stage.ema,
        trains: (name) => !name.startsWith("vae.") && learns.some((beginning) => name.startsWith(beginning)),
      },
      new Random(plan.seed + position.stage),
      { ...state, parameters: new Map([...(state.parameters ?? []), ...prepared.vae]) },
    );
    const { config, tokenizer, tokenizerConfig } = prepared;
    const seed = plan.seed * 1009 + position.stage;
    const data = { config, tokenizer, tokenizerConfig, stage, seed, cursors: position.cursors, latentKey };
    const makeBatches = options.threadedData === false ? inlineBatches : threadedBatches;
    const batches = makeBatches(data, (sample) => bad.add(sample));
    return new StageRun(options, prepared, bad, stage, program, batches, { ...position });
  }

  get state(): TrainingState {
    return this.program.state;
  }

  get weights(): Values {
    return this.program.weights;
  }

  async toEnd(): Promise<void> {
    const { signal, train: plan } = this.options;
    while (this.position.stageStep < this.stage.steps) {
      if (signal?.aborted) {
        await this.#save();
        throw signal.reason;
      }
      await this.#step();
      const atEnd = this.position.stageStep === this.stage.steps;
      if (atEnd || this.position.stageStep % plan.checkpointEvery === 0) await this.#checkpoint();
    }
  }

  async #step(): Promise<void> {
    const { stage, position } = this;
    const began = performance.now();
    const rate = learningRate(position.stageStep, {
      peak: stage.learningRate,
      warmup: stage.warmup,
      steps: stage.steps,
      shape: stage.schedule,
    });
    const { batch: inputs, cursors } = await this.batches.next(position.stageStep);
    const losses = await this.program.step(inputs, rate);
    if (!Number.isFinite(losses.total)) {
      throw new UserError(
        `The loss became ${losses.total} at step ${position.stageStep}: lower the learning rate and continue from the last checkpoint.`,
      );
    }
    const batch = samplesIn(stage.batch);
    position.stageStep++;
    position.step++;
    position.samples += batch;
    position.cursors = cursors;
    this.#stepsHere++;
    this.#samplesHere += batch;
    this.#seconds += (performance.now() - began) / 1000;
    for (const [name, value] of Object.entries(losses)) {
      const before = this.#losses[name];
      this.#losses[name] = before === undefined ? value : SMOOTHING * before + (1 - SMOOTHING) * value;
    }
    this.#report(rate);
  }

  #report(rate: number): void {
    const { position, stage, options } = this;
    const stepSeconds = this.#seconds / this.#stepsHere;
    const later = options.train.stages.slice(position.stage + 1).reduce((sum, next) => sum + next.steps, 0);
    options.onProgress?.({
      stage: stage.name,
      step: position.stageStep,
      steps: stage.steps,
      samples: position.samples,
      losses: { ...this.#losses },
      learningRate: rate,
      samplesPerSecond: this.#samplesHere / this.#seconds,
      badSamples: this.bad.count,
      secondsLeft: stepSeconds * (stage.steps - position.stageStep + later),
    });
  }

  async #save(): Promise<void> {
    await saveState(this.options.folder, this.program.state, this.position);
    await this.bad.write();
    const { cursors, ...position } = this.position;
    const line = {
      ...position,
      stageName: this.stage.name,
      losses: this.#losses,
      ...(cursors ? { badSamples: this.bad.count } : {}),
    };
    await appendFile(join(this.options.folder, "log.jsonl"), `${JSON.stringify(line)}\n`);
  }

  async #checkpoint(): Promise<void> {
    await this.#save();
    await this.options.onCheckpoint?.(this.program.weights, this.prepared, { ...this.position });
  }

  async close(): Promise<void> {
    await Promise.all([this.program.release(), this.batches.close(), this.bad.write()]);
  }
}
