import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { UserError } from "../errors.ts";
import { Detector } from "../evaluation/detector/detector.ts";
import { showPercent } from "../evaluation/estimate.ts";
import { ABILITIES, quickScores, shownBy, showsWorld } from "../evaluation/quick-scores.ts";
import { type ScoreLine, scorePlot } from "../evaluation/score-plot.ts";
import type { World } from "../evaluation/suites/suite.ts";
import { type RunPosition, writeWhole } from "../training/checkpoint.ts";
import { type StageConfig, samplesIn } from "../training/stage.ts";
import type { TrainConfig } from "../training/train-config.ts";
import type { RunModel } from "./run-model.ts";

/** The same tasks and the same noise every time, so that scores can be compared. */
const SEED = 20_250_801;

/** Measures a run's scores while training goes on, into `scores.jsonl` and `scores.svg` of its folder. */
export class RunScores {
  readonly #linesFile: string;
  readonly #plotFile: string;
  /** What is asked for, in every stage the same: see `shownBy`. */
  readonly #world: World | undefined;
  /** Where the run goes on from: what stands in the file from later on belongs to a state that was lost. */
  #startStep = 0;
  #lines: ScoreLine[] | undefined;
  /** Stages of which it was said that they are not measured; -1 is all of them. */
  readonly #told = new Set<number>();

  constructor(
    folder: string,
    private readonly plan: TrainConfig,
    private readonly threads?: number,
  ) {
    this.#linesFile = join(folder, "scores.jsonl");
    this.#plotFile = join(folder, "scores.svg");
    this.#world = shownBy(plan.stages);
  }

  /** The run goes on from here. */
  start({ step }: RunPosition): void {
    this.#startStep = step;
  }

  /**
   * Measures when it is due: every `scoreEvery` steps and at the end of each stage. Scores that cannot be had are no reason to stop
   * training.
   *
   * @returns what to tell the person who is watching, or undefined where nothing was due
   */
  async afterCheckpoint(lent: RunModel, position: RunPosition, signal: AbortSignal): Promise<string | undefined> {
    if (this.plan.scoreEvery === 0) return undefined;
    const stage = this.plan.stages[position.stage];
    if (!showsWorld(stage)) return this.#notMeasured(position.stage, stage);
    try {
      this.#lines ??= (await readLines(this.#linesFile)).filter(({ step }) => step <= this.#startStep);
      if (!this.#isDue(position, this.#lines.at(-1)?.step ?? 0)) return undefined;
      const measured = await this.#measure(lent, signal);
      const { step, samples } = position;
      const stageStart = samples - position.stageStep * samplesIn(stage.batch);
      const line: ScoreLine = { step, samples, stage: position.stage, stageName: stage.name, stageStart, ...measured };
      this.#lines.push(line);
      await writeWhole(this.#linesFile, this.#lines.map((each) => `${JSON.stringify(each)}\n`).join(""));
      await writeWhole(this.#plotFile, scorePlot(this.#lines));
      const shown = ABILITIES.map((ability) => `${ability} ${showPercent(line[ability])}`);
      return `scores after step ${step}: ${shown.join("  ")}: ${this.#plotFile}`;
    } catch (error) {
      // The next start measures again.
      if (signal.aborted) return undefined;
      return `no scores after step ${position.step}: ${error instanceof Error ? error.message : error}`;
    }
  }

  #notMeasured(index: number, { name }: StageConfig): string | undefined {
    const [about, which] = this.#world ? [index, ` of the stage "${name}"`] : [-1, ""];
    if (this.#told.has(about)) return undefined;
    this.#told.add(about);
    return `no scores${which}: they are measured on the picture world, and this learns from other data`;
  }

  /** @param last the step of the last measurement */
  #isDue({ stage, stageStep, step }: RunPosition, last: number): boolean {
    const { scoreEvery, stages } = this.plan;
    if (step === last) return false;
    return stageStep === stages[stage].steps || Math.floor(step / scoreEvery) > Math.floor(last / scoreEvery);
  }

  async #measure(lent: RunModel, signal: AbortSignal) {
    const reader = await Detector.load(undefined, { threads: this.threads });
    try {
      const options = { reader, seed: SEED, count: this.plan.scoreTasks, world: this.#world, signal };
      return await quickScores(await lent.load(), options);
    } finally {
      await reader.release();
    }
  }
}

async function readLines(file: string): Promise<ScoreLine[]> {
  const text = await readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return "";
    throw error;
  });
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line, i) => {
      try {
        return JSON.parse(line) as ScoreLine;
      } catch {
        throw new UserError(`line ${i + 1} of ${file} is damaged; remove it, and the next scores are added.`);
      }
    });
}
