/** UniPic: one model that draws pictures from words, edits them by instruction and describes them. */
export { parseSafetensors } from "./checkpoint/safetensors.ts";
export { UserError } from "./errors.ts";
export type { Picture } from "./image/picture.ts";
export { parseConfig, type UniPicConfig } from "./models/config.ts";
export { unipic15b, unipicMini } from "./models/presets.ts";
export type {
  Chat,
  ChatAnswering,
  ChatDrawing,
  ChatMemory,
  ChatOptions,
  ChatTurn,
  ChatWatching,
} from "./pipeline/chat.ts";
export type {
  DescribeOptions,
  DrawOptions,
  DrawPreview,
  DrawProgress,
  GenerateOptions,
} from "./pipeline/options.ts";
export type { LoadOptions, UniPicParts } from "./pipeline/parts.ts";
export type { SamplingPreset } from "./pipeline/presets.ts";
export { type EditOptions, UniPic } from "./pipeline/unipic.ts";
export { memoryWeights } from "./pipeline/weights.ts";
export { Random } from "./random.ts";
export { webEngine } from "./runtime/web.ts";
export type { Sampler } from "./sampling/samplers.ts";
export { Tokenizer } from "./text/tokenizer.ts";
