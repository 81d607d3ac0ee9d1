/** Inputs that programs have in common. */
import { input, type Tensor } from "../tensor/index.ts";
import { type MarConfig, patchSide, type UniPicConfig } from "./config.ts";
import type { Grid } from "./position-table.ts";
import { tokenPixels } from "./programs.ts";
import { type PromptTokens, wholePrompts } from "./prompt-reading.ts";

/** Numbers for every pixel of a picture of so many places, of its colors where nothing else is said: [1, channels, height, width]. */
export const pictureInput = (name: string, mar: MarConfig, grid: Grid, channels = 3): Tensor =>
  input(name, "float32", [1, channels, ...grid.map((side) => side * tokenPixels(mar))]);

/** A picture's features by the vision tower, `vision` [1, patches, hidden]. */
export const visionInput = ({ llm, siglip2 }: UniPicConfig): Tensor =>
  input("vision", "float32", [1, patchSide(siglip2) ** 2, llm.hidden_size]);

/** Of prompts of one length, `embeddings` [rows, length, hidden]. */
export const embeddingsInput = ({ llm }: UniPicConfig, rows: number | "rows"): Tensor =>
  input("embeddings", "float32", [rows, "length", llm.hidden_size]);

/** The same, with every token the prompt's own. */
export const promptInput = (config: UniPicConfig, rows: number | "rows"): PromptTokens =>
  wholePrompts(embeddingsInput(config, rows));
