/** Model folders: from official files, from the Hugging Face Hub, or from a seed. */
export { UserError } from "../errors.ts";
export type { HubPlace } from "./hub/environment.ts";
export { type DownloadProgress, type PullOptions, pullModel } from "./hub/pull-model.ts";
export { importModel } from "./import-model.ts";
export type { ImportReport } from "./plan.ts";
export { type RandomModelOptions, type RandomModelReport, writeRandomModel } from "./random-model.ts";
export type { WeightType } from "./random-values.ts";
export type { WriteFolderOptions, WriteProgress } from "./write-model-folder.ts";
