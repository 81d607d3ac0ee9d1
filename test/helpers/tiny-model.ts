import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { allParameters } from "../../src/models/all-parameters.ts";
import type { UniPicConfig } from "../../src/models/config.ts";
import { Random } from "../../src/random.ts";
import { hostArray } from "../../src/tensor/dtype.ts";
import { trainTokenizer } from "../../src/text/train-tokenizer.ts";
import { exportModel } from "../../src/training/export.ts";
import { initialize, type Values } from "../../src/training/parameters.ts";
import { tinyConfig } from "../models/tiny.ts";

const TEXTS = ["a red car on the grass", "a blue dog in the snow", "What color is the car?\nThe car is red."];

/** The tiny model with room for a tokenizer's 256 bytes and some words: 16x16 pictures of 2x2 tokens. */
export const tinyWordedConfig: UniPicConfig = {
  ...tinyConfig,
  llm: { ...tinyConfig.llm, vocab_size: 320 },
  mar: { ...tinyConfig.mar, vae_stride: 4, patch_size: 2, img_size: 16 },
};

/** The same, with edits that show their source by the vision tower, and change things in their places. */
export const tinyChangingConfig: UniPicConfig = { ...tinyWordedConfig, editing_vision: true, changes: true };

/** The worded one, with prompts of several things that are laid out. */
export const tinyLayoutConfig: UniPicConfig = { ...tinyWordedConfig, layouts: true };

/** The worded one, wide enough for layers to be worth quantising. */
export const tinyWideConfig: UniPicConfig = {
  ...tinyWordedConfig,
  llm: { ...tinyWordedConfig.llm, hidden_size: 128, intermediate_size: 160 },
  mar: { ...tinyWordedConfig.mar, encoder_embed_dim: 128, decoder_embed_dim: 128, diffloss_w: 128 },
  siglip2: { ...tinyWordedConfig.siglip2, hidden_size: 128, intermediate_size: 128 },
};

/** How far weights are moved from their start, at which a model would hardly look at its prompt. */
const DEVIATION = 0.1;

/** Every weight that a model of this configuration has, random but the same for the same seed. */
function randomValues(config: UniPicConfig, seed: number): Values {
  const random = new Random(seed);
  const values: Values = new Map();
  for (const [name, { shape, data }] of initialize(allParameters(config), random)) {
    const moved = Float32Array.from(data as Float32Array, (value) => value + DEVIATION * random.normal());
    values.set(name, hostArray("float32", shape, moved));
  }
  return values;
}

/** Writes a model folder with random weights, a tokenizer of its own and sizes at which everything takes milliseconds: 16x16 pictures, 2x2
 * tokens, at most 320 words. */
export async function writeTinyModel(
  folder: string,
  {
    seed = 1,
    leaveOut,
    fill = {},
    config = tinyWordedConfig,
  }: {
    seed?: number;
    leaveOut?: (name: string) => boolean;
    /** What every number of some weights is, or each of them, by name. */
    fill?: Readonly<Record<string, number | readonly number[]>>;
    config?: UniPicConfig;
  } = {},
): Promise<void> {
  const { tokenizer, config: tokenizerConfig } = trainTokenizer(TEXTS, { vocabularySize: 320 });
  const weights = randomValues(config, seed);
  for (const [name, value] of Object.entries(fill)) {
    const data = weights.get(name)!.data as Float32Array;
    if (typeof value === "number") data.fill(value);
    else data.set(value);
  }
  for (const name of weights.keys()) if (leaveOut?.(name)) weights.delete(name);
  await exportModel(folder, weights, { config, tokenizer, tokenizerConfig, vae: new Map() });
  // The configuration goes on telling of what is left out.
  if (leaveOut) await writeFile(join(folder, "config.json"), JSON.stringify(config));
}
