import { join } from "node:path";
import { caption, planScene } from "../data/index.ts";
import { exhibitSheet } from "../evaluation/sheet.ts";
import { nativeSide } from "../models/config.ts";
import { Random } from "../random.ts";
import { type RunPosition, writeWhole } from "../training/checkpoint.ts";
import { captionsOf } from "../training/data-source.ts";
import type { StageConfig } from "../training/stage.ts";
import type { TrainConfig } from "../training/train-config.ts";
import type { RunModel } from "./run-model.ts";

const SAMPLES = 12;
/** The same prompts and the same noise every time, so that sheets can be compared. */
const SEED = 20_250_801;
/** Few rounds and steps: good enough to see how training goes, done in seconds. */
const ROUNDS = 8;
const STEPS = 20;

/** Prompts out of a stage's own scenes, or captions out of its data. */
export async function samplePrompts(stage: StageConfig): Promise<string[]> {
  const random = new Random(SEED);
  const captions = stage.data ? await captionsOf(stage.data, SAMPLES, SEED) : [];
  if (captions.length > 0) return captions;
  return Array.from({ length: SAMPLES }, () => caption(random, planScene(random, stage.scenes), stage.captions));
}

/** Draws sheets of samples while training goes on, into the run's folder. */
export class SampleSheets {
  #lastStep: number | undefined;

  constructor(
    private readonly folder: string,
    private readonly plan: TrainConfig,
  ) {}

  /**
   * Draws a sheet when one is due: every `sampleEvery` steps and at the end of each stage. A sheet that fails is no reason to stop training.
   *
   * @returns what to tell the person who is watching, or undefined where no sheet was due
   */
  async afterCheckpoint(lent: RunModel, position: RunPosition, signal: AbortSignal): Promise<string | undefined> {
    if (!this.#isDue(position)) return undefined;
    this.#lastStep = position.step;
    const file = join(this.folder, `samples-${String(position.step).padStart(7, "0")}.png`);
    try {
      const sheet = await this.#draw(lent, this.plan.stages[position.stage], signal);
      await writeWhole(file, sheet);
      return `samples after step ${position.step}: ${file}`;
    } catch (error) {
      return `no samples after step ${position.step}: ${error instanceof Error ? error.message : error}`;
    }
  }

  #isDue({ stage, stageStep, step }: RunPosition): boolean {
    const { sampleEvery, checkpointEvery, stages } = this.plan;
    const { generation, editing } = stages[stage].batch;
    if (sampleEvery === 0 || step === this.#lastStep || generation + editing === 0) return false;
    const sheetsBy = (steps: number) => Math.floor(steps / sampleEvery);
    return stageStep === stages[stage].steps || sheetsBy(step) > sheetsBy(step - checkpointEvery);
  }

  async #draw(lent: RunModel, stage: StageConfig, signal: AbortSignal): Promise<Uint8Array> {
    const model = await lent.load();
    const prompts = await samplePrompts(stage);
    const rounds = Math.min(ROUNDS, nativeSide(model.config.mar) ** 2);
    const pictures = await model.generate(prompts, { seed: SEED, rounds, steps: STEPS, signal });
    return exhibitSheet(
      pictures.map((picture, i) => ({ test: stage.name, task: prompts[i], pictures: [picture], outcome: "" })),
    );
  }
}
