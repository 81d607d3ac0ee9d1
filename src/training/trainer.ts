import { appendFile } from "node:fs/promises";
import { join } from "node:path";
import { type BadSample, defaultThreads } from "../data/sets/index.ts";
import { UserError } from "../errors.ts";
import { Random } from "../random.ts";
import type { Device, Engine } from "../runtime/engine.ts";
import { BadSampleLog } from "./bad-samples.ts";
import { learnsFromData } from "./batch-maker.ts";
import { type BatchSource, inlineBatches, threadedBatches } from "./batch-source.ts";
import { startingWeights } from "./buffer-rows.ts";
import { discardUnfinished, loadState, type RunPosition, saveState } from "./checkpoint.ts";
import { readsLatents } from "./data-config.ts";
import { openSources } from "./data-source.ts";
import { learningOf, traceJointLoss } from "./joint-program.ts";
import { cacheLatents } from "./latent-cache.ts";
import { latentKeyOf } from "./latent-set.ts";
import { learningRate } from "./learning-rate.ts";
import { Pace } from "./pace.ts";
import type { Values } from "./parameters.ts";
import { type Prepared, prepare } from "./prepare.ts";
import type { DataProgress } from "./prepare-data.ts";
import { type StageConfig, samplesIn } from "./stage.ts";
import { resizeState, resizeTables, sizedModel } from "./stage-size.ts";
import type { TrainConfig } from "./train-config.ts";
import { averagedWeights, TrainingProgram, type TrainingState } from "./training-program.ts";

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
  /** Seconds until the last stage ends, at this speed; undefined after the first step, which also compiles. */
  secondsLeft?: number;
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
  /** The stage that a new run begins with, by its place in the curriculum: 0 otherwise. */
  begin?: number;
  /** Make batches in a thread of their own (the default), or between the steps. */
  threadedData?: boolean;
  signal?: AbortSignal;
  /** Called once, before the first stage, with where the run goes on from; a new run's position is all zeros, save its stage. */
  onStart?: (position: RunPosition) => void;
  onProgress?: (progress: TrainProgress) => void;
  onVaeProgress?: (progress: { step: number; steps: number; psnr: number }) => void;
  /** Data sets are being read for the tokenizer and the autoencoder, or encoded: what the first start does. */
  onDataProgress?: (progress: DataProgress) => void;
  /** A sample of a data set was skipped; each is told of once, and named in the run's `bad-samples.jsonl`. */
  onBadSample?: (bad: BadSample) => void;
  /**
   * Called after every checkpoint and at the end of every stage, with the averaged weights, and what makes a model of them at the stage's
   * size. A start whose last one was stopped here, at the end of a stage, calls it again.
   */
  onCheckpoint?: (weights: Values, prepared: Prepared, position: RunPosition) => Promise<void>;
}

const SMOOTHING = 0.98;

/**
 * Runs a curriculum, continuing a run found in the folder. When the signal fires, the state is saved before the function throws the
 * signal's reason. Returns the averaged weights, for a model of the last stage's sizes.
 */
export async function train(options: TrainOptions): Promise<{ weights: Values; prepared: Prepared }> {
  const { train: plan, folder } = options;
  const bad = new BadSampleLog(folder, options.onBadSample);
  await discardUnfinished(folder);
  const prepared = await prepare({ ...options, onBadSample: (sample) => bad.add(sample) }).finally(() => bad.write());
  const found = await loadState(folder);
  let position: RunPosition = found?.position ?? { stage: options.begin ?? 0, stageStep: 0, step: 0, samples: 0 };
  options.onStart?.({ ...position });
  let state: Partial<TrainingState> = found?.state ?? {
    step: 0,
    parameters: options.from === undefined ? undefined : await startingWeights(options.from, prepared.config),
  };
  while (position.stage < plan.stages.length) {
    const run = await StageRun.start(options, prepared, bad, state, position);
    let ended: TrainingState;
    try {
      await run.toEnd();
      ended = await run.state();
    } finally {
      await run.close();
    }
    // Every stage reads its data from the beginning.
    position = { ...run.position, stage: position.stage + 1, stageStep: 0, cursors: undefined };
    await saveState(folder, ended, position);
    state = ended;
  }
  const config = sizedModel(prepared.config, plan.stages[plan.stages.length - 1].size);
  return { weights: resizeTables(averagedWeights(state), config), prepared: { ...prepared, config } };
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
      if (!set || !tasks.some((task) => readsLatents(task, config, stage.data))) continue;
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
  readonly #pace = new Pace();

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
    shared: Prepared,
    bad: BadSampleLog,
    before: Partial<TrainingState>,
    position: RunPosition,
  ): Promise<StageRun> {
    const { train: plan } = options;
    const stage = plan.stages[position.stage];
    const prepared = { ...shared, config: sizedModel(shared.config, stage.size) };
    const state = resizeState(before, prepared.config);
    const latentKey = await prepareLatents(options, prepared, bad, stage);
    const { root, total, losses } = traceJointLoss(prepared.config, stage);
    const learning = learningOf(stage);
    if (![...root.parameters.keys()].some(learning.trains)) {
      throw new UserError(
        `The stage "${stage.name}" trains nothing: none of its weights fits its "trains" and "freezes".`,
      );
    }
    const program = await TrainingProgram.build(
      options.engine,
      { device: options.device ?? "cpu", threads: options.threads },
      root,
      total,
      losses,
      learning,
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

  state(): Promise<TrainingState> {
    return this.program.state();
  }

  async toEnd(): Promise<void> {
    const { signal, train: plan } = this.options;
    if (this.stage.steps > 0 && this.position.stageStep === this.stage.steps) {
      await this.#tellCheckpoint(await this.state());
    }
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
    this.#pace.add(batch, (performance.now() - began) / 1000);
    for (const [name, value] of Object.entries(losses)) {
      const before = this.#losses[name];
      this.#losses[name] = before === undefined ? value : SMOOTHING * before + (1 - SMOOTHING) * value;
    }
    this.#report(rate);
  }

  #report(rate: number): void {
    const { position, stage, options } = this;
    const { samplesPerSecond, secondsPerStep } = this.#pace;
    const later = options.train.stages.slice(position.stage + 1).reduce((sum, next) => sum + next.steps, 0);
    options.onProgress?.({
      stage: stage.name,
      step: position.stageStep,
      steps: stage.steps,
      samples: position.samples,
      losses: { ...this.#losses },
      learningRate: rate,
      samplesPerSecond,
      badSamples: this.bad.count,
      secondsLeft: secondsPerStep && secondsPerStep * (stage.steps - position.stageStep + later),
    });
  }

  async #save(): Promise<TrainingState> {
    const state = await this.state();
    await saveState(this.options.folder, state, this.position);
    await this.bad.write();
    const { cursors, ...position } = this.position;
    const line = {
      ...position,
      stageName: this.stage.name,
      losses: this.#losses,
      ...(cursors ? { badSamples: this.bad.count } : {}),
    };
    await appendFile(join(this.options.folder, "log.jsonl"), `${JSON.stringify(line)}\n`);
    return state;
  }

  async #checkpoint(): Promise<void> {
    await this.#tellCheckpoint(await this.#save());
  }

  async #tellCheckpoint(state: TrainingState): Promise<void> {
    const { onCheckpoint, signal } = this.options;
    await onCheckpoint?.(averagedWeights(state), this.prepared, { ...this.position });
    // Whatever a stop has cut short here is done by the next start.
    if (this.position.stageStep === this.stage.steps) signal?.throwIfAborted();
  }

  async close(): Promise<void> {
    await Promise.all([this.program.release(), this.batches.close(), this.bad.write()]);
  }
}
