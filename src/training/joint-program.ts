import { nativeSide, tokenWidth, type UniPicConfig } from "../models/config.ts";
import type { Grid } from "../models/position-table.ts";
import { visionFeatures } from "../models/unipic.ts";
import { Scope } from "../nn/scope.ts";
import { add, type DType, input, multiply, type Shape, type Tensor } from "../tensor/index.ts";
import { changingTask } from "./changing-loss.ts";
import { contrastTask } from "./contrast-loss.ts";
import { readsLatents } from "./data-config.ts";
import { groundingTask } from "./grounding-loss.ts";
import { layoutTask } from "./layout-loss.ts";
import { learnerOf } from "./learning-names.ts";
import {
  type DrawingInputs,
  type DrawingLoss,
  drawingLoss,
  frozenLatents,
  type SourceInputs,
  understandingLoss,
} from "./losses.ts";
import { MUON } from "./muon.ts";
import { ADAMW } from "./optimizer.ts";
import type { StageConfig, TrainingTask } from "./stage.ts";
import type { TrainingProgramOptions } from "./training-program.ts";

/** The losses of a stage in one program: their weighted sum, and each by itself. */
export interface JointLoss {
  root: Scope;
  total: Tensor;
  losses: Record<string, Tensor>;
}

/** Traces a stage's losses; the inputs are those that `makeBatch` makes. */
export function traceJointLoss(
  config: UniPicConfig,
  stage: Pick<StageConfig, "batch" | "weights" | "data" | "sourceGradient">,
): JointLoss {
  const root = Scope.root();
  const losses: Record<string, Tensor> = {};
  if (stage.batch.generation > 0) losses.generation = traceDrawing(root, config, "generation", stage).loss;
  if (stage.batch.editing > 0) losses.editing = traceDrawing(root, config, "editing", stage).loss;
  if (stage.batch.understanding > 0) losses.understanding = understandingTask(root, config, stage.batch.understanding);
  if (stage.batch.contrast > 0) losses.contrast = contrastTask(root, config, stage.batch.contrast);
  if (stage.batch.grounding > 0) losses.grounding = groundingTask(root, config, stage.batch.grounding);
  if (stage.batch.layout > 0) losses.layout = layoutTask(root, config, stage.batch.layout);
  if (stage.batch.changing > 0) losses.changing = changingTask(root, config, stage.batch.changing);
  const weighted = Object.entries(losses).map(([task, loss]) => multiply(loss, stage.weights[task as TrainingTask]));
  if (weighted.length === 0) throw new Error("A stage needs a batch size above 0 for at least one task.");
  return { root, total: weighted.reduce(add), losses };
}

/** Which of a stage's weights learn, and by what. */
export const learningOf = (
  stage: Pick<StageConfig, "trains" | "freezes" | "weightDecay" | "optimizer" | "ema">,
): TrainingProgramOptions => ({
  optimizer: { ...ADAMW, weightDecay: stage.weightDecay },
  muon: stage.optimizer === "muon" ? MUON : undefined,
  ema: stage.ema,
  trains: learnerOf(stage),
});

const inputs = (prefix: string) => (name: string, dtype: DType, shape: Shape) =>
  input(`${prefix}.${name}`, dtype, shape);

/** Pictures for the vision tower: [batch, 3, side, side] in [-1, 1]. */
const visionPixels = (name: string, { siglip2: { image_size: side } }: UniPicConfig, batch: number): Tensor =>
  input(name, "float32", [batch, 3, side, side]);

/** Traces one of the two drawing losses; the inputs are those that `makeBatch` makes, `tokens` the pictures to draw. */
export function traceDrawing(
  root: Scope,
  config: UniPicConfig,
  task: "generation" | "editing",
  stage: Pick<StageConfig, "batch" | "data" | "sourceGradient">,
): DrawingLoss & Pick<DrawingInputs, "tokens"> {
  const batch = stage.batch[task];
  const { mar } = config;
  const side = nativeSide(mar);
  const grid: Grid = [side, side];
  const count = side * side;
  const size = (name: string) => `${task}_${name}`;
  const given = inputs(task);
  /** The latents of the batch's pictures. */
  const latents = (prefix: string): Tensor =>
    readsLatents(task, config, stage.data)
      ? given(`${prefix}latents`, "float32", [batch, count, tokenWidth(mar)])
      : frozenLatents(root, config, given(`${prefix}pixels`, "float32", [batch, 3, mar.img_size, mar.img_size]));
  const tokens = latents("");
  const all = `${size("length")}+${size("visible")}+${mar.buffer_size}`;
  const drawing: DrawingInputs = {
    tokens,
    places: given("places", "int64", [batch, size("visible")]),
    visible: given("visible", "int64", [batch, size("visible")]),
    canvas: given("canvas", "int64", [batch, count]),
    predicted: given("predicted", "int64", [size("rows")]),
    ids: given("ids", "int64", [batch, size("length")]),
    positions: given("positions", "int64", [batch, all]),
    mask: given("mask", "int64", [batch, all]),
    timesteps: given("timesteps", "int64", [size("rows")]),
    noise: given("noise", "float32", [size("rows"), tokenWidth(mar)]),
  };
  if (task === "generation") return { ...drawingLoss(root, config, grid, drawing), tokens };
  const editing: SourceInputs = {
    sourceTokens: latents("source_"),
    everywhere: given("everywhere", "int64", [batch, count]),
    source: given("source", "int64", [batch, size("length")]),
    vision: config.editing_vision
      ? visionFeatures(root, config, visionPixels("editing.vision_pixels", config, batch))
      : undefined,
  };
  return { ...drawingLoss(root, config, grid, drawing, editing, stage.sourceGradient), tokens };
}

function understandingTask(root: Scope, config: UniPicConfig, batch: number): Tensor {
  const given = inputs("understanding");
  const shape = [batch, "understanding_length"];
  const pixels = visionPixels("understanding.pixels", config, batch);
  return understandingLoss(root, config, {
    ids: given("ids", "int64", shape),
    positions: given("positions", "int64", shape),
    mask: given("mask", "int64", shape),
    turns: given("turns", "int64", shape),
    rows: given("rows", "int64", ["answers"]),
    labels: given("labels", "int64", ["answers"]),
    picture: { features: visionFeatures(root, config, pixels), source: given("source", "int64", shape) },
  });
}
