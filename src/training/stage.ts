import type { CaptionOptions, EditOptions, PlanOptions, QuestionOptions } from "../data/index.ts";
import type { DataConfig } from "./data-config.ts";
import type { StageSize } from "./stage-size.ts";

/**
 * What a stage can train: the three tasks, two that teach the vision tower (`contrast` and `grounding`), one that teaches to lay out what a prompt names (`layout`), and one that teaches to change what an instruction
 * names in its place (`changing`).
 */
export const TRAINING_TASKS = [
  "generation",
  "editing",
  "understanding",
  "contrast",
  "grounding",
  "layout",
  "changing",
] as const;
export type TrainingTask = (typeof TRAINING_TASKS)[number];

/** A number for each task. */
export type PerTask = Record<TrainingTask, number>;

/** What a batch has of the tasks that a stage does not name. */
export const NO_SAMPLES: Readonly<PerTask> = {
  generation: 0,
  editing: 0,
  understanding: 0,
  contrast: 0,
  grounding: 0,
  layout: 0,
  changing: 0,
};

/** Samples of all tasks in a step. */
export const samplesIn = (batch: PerTask): number => TRAINING_TASKS.reduce((sum, task) => sum + batch[task], 0);

/** One stage of a curriculum: which data, which weights, for how long and how fast. */
export interface StageConfig {
  name: string;
  steps: number;
  /** Sides of the pictures that are drawn and looked at, in pixels. */
  size: StageSize;
  /** Samples of each task in a step; 0 leaves the task out. */
  batch: PerTask;
  /** What each task's loss counts in the sum (U:G:E in the paper's Table 1). */
  weights: PerTask;
  learningRate: number;
  schedule: "constant" | "cosine";
  /** Steps of linear warm-up. */
  warmup: number;
  weightDecay: number;
  /** What matrices inside of the model learn by; vectors, tables and the last layers always learn by AdamW. */
  optimizer: "adamw" | "muon";
  /**
   * How far training leans towards strong noise, where a picture's content is decided: a uniform share u of the schedule becomes
   * `shift u / (1 + (shift - 1) u)` (arXiv 2403.03206, section 5.3.2); 1 leaves it uniform.
   */
  timestepShift: number;
  /** Share of the moving average of the weights kept every step. */
  ema: number;
  /** Which parameters learn, by patterns of names (`learning-names.ts`); all but the autoencoder when left out. */
  trains?: string[];
  /** Which of these are frozen all the same. */
  freezes?: string[];
  /** Data sets to learn from, beside the picture world or in its place; the picture world alone when left out. */
  data?: DataConfig;
  /** Which scenes are drawn: the curriculum. */
  scenes: PlanOptions;
  /** How scenes to draw are told. */
  captions?: CaptionOptions;
  /** Edits, and in what their sources differ from `scenes`. */
  edits?: EditOptions;
  /**
   * Share of edits replaced by the unconditional twin, "Repeat this image.", whose target is the source itself. It teaches to carry a
   * source over to the canvas, and guidance leads away from it.
   */
  repeats: number;
  /** What the gradient that enters an edit's source picture is scaled by, see `SOURCE_GRADIENT_SCALE` in losses.ts. */
  sourceGradient: number;
  /** In what the scenes that understanding looks at differ from `scenes`. */
  seen?: PlanOptions;
  questions?: QuestionOptions;
  /**
   * The most tokens that the questions about one picture take, with their answers; those that find no room are left out, save the first.
   * A batch is as long as its longest picture's questions; where nothing is said, none is left out.
   */
  questionTokens?: number;
  /**
   * Share of an answer's words that the model reads as another word while it learns to say the next, so that the next is read from the
   * picture and not guessed from the words before it (word dropout, arXiv 1511.06349, section 3.2; here the word put in comes from
   * another answer, so that it does not give itself away).
   */
  wordDropout: number;
}
