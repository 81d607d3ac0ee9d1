/** Training: `train` runs a curriculum; `TrainingProgram` is one step of anything. */

export { nodeEngine } from "../runtime/node.ts";
export { Program } from "../runtime/program.ts";
export { loadState, type RunPosition, readValues, saveState } from "./checkpoint.ts";
export { exportModel } from "./export.ts";
export { learningRate } from "./learning-rate.ts";
export { loadRun } from "./load-run.ts";
export { MUON, type MuonOptions } from "./muon.ts";
export { ADAMW, type AdamWOptions } from "./optimizer.ts";
export type { Values } from "./parameters.ts";
export type { PerTask, StageConfig } from "./stage.ts";
export { parseTrainConfig, readTrainConfig, type TrainConfig } from "./train-config.ts";
export { type TrainOptions, type TrainProgress, train } from "./trainer.ts";
export { TrainingProgram, type TrainingState } from "./training-program.ts";
