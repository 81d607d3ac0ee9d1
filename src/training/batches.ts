import { caption } from "../data/captions.ts";
import { describe, drawScene, planEdit, planScene, type Scene } from "../data/index.ts";
import { askQuestions } from "../data/questions.ts";
import { picture } from "../image/picture.ts";
import { resize } from "../image/resize.ts";
import {
  type MarConfig,
  nativeSide,
  patchSide,
  sourceFeatures,
  tokenWidth,
  type UniPicConfig,
} from "../models/config.ts";
import { featureRows } from "../models/unipic.ts";
import { Random } from "../random.ts";
import { drawOrder } from "../sampling/orders.ts";
import { trainingMaskCount } from "../sampling/training-mask.ts";
import { type HostArray, hostArray } from "../tensor/dtype.ts";
import { editPrompt, editTwin, generationPrompt, generationTwin } from "../text/prompts.ts";
import type { Tokenizer } from "../text/tokenizer.ts";
import { changingInputs } from "./changing-inputs.ts";
import { arrangeDrawing } from "./drawing-inputs.ts";
import { groundingInputs } from "./grounding-inputs.ts";
import { layoutInputs } from "./layout-inputs.ts";
import { drawPixels, pixelArray } from "./pixel-array.ts";
import type { StageConfig } from "./stage.ts";
import { imageToken, type Padded, pad } from "./token-rows.ts";
import { understandingInputs } from "./understanding-inputs.ts";

/** One batch: the inputs of a training program, by name. */
export type Batch = Record<string, HostArray>;

/** How often a prompt to draw is replaced by its unconditional twin, so that guidance has something to guide away from. */
export const TWIN_SHARE = 0.1;

/** Makes the batch of any step from the seed and the step's number alone, so that a resumed run sees what it would have seen. */
export function makeBatch(
  config: UniPicConfig,
  tokenizer: Tokenizer,
  stage: StageConfig,
  seed: number,
  step: number,
): Batch {
  const random = new Random(seed * 1_000_003 + step);
  const { generation, editing, understanding, contrast } = stage.batch;
  return {
    ...(generation > 0 ? prefixed("generation", generationBatch(config, tokenizer, stage, random)) : {}),
    ...(editing > 0 ? prefixed("editing", editingBatch(config, tokenizer, stage, random)) : {}),
    ...(understanding > 0 ? prefixed("understanding", understandingBatch(config, tokenizer, stage, random)) : {}),
    ...(contrast > 0 ? prefixed("contrast", contrastBatch(config, tokenizer, stage, random)) : {}),
    ...groundingBatch(config, tokenizer, stage, random),
    ...composingBatches(config, tokenizer, stage, random),
  };
}

export const prefixed = (prefix: string, batch: Batch): Batch =>
  Object.fromEntries(Object.entries(batch).map(([name, array]) => [`${prefix}.${name}`, array]));

function generationBatch(config: UniPicConfig, tokenizer: Tokenizer, stage: StageConfig, random: Random): Batch {
  const scenes = Array.from({ length: stage.batch.generation }, () => planScene(random, stage.scenes));
  const prompts = scenes.map((scene) =>
    random.chance(TWIN_SHARE) ? generationTwin : generationPrompt(caption(random, scene, stage.captions)),
  );
  return {
    pixels: drawPixels(scenes, config.mar.img_size),
    ...generationInputs(config, tokenizer, prompts, random, stage.timestepShift),
  };
}

/** What drawing from prompts needs beside pictures. */
export function generationInputs(
  config: UniPicConfig,
  tokenizer: Tokenizer,
  prompts: readonly string[],
  random: Random,
  shift: number,
): Batch {
  return drawing(config.mar, pad(prompts.map((prompt) => tokenizer.encode(prompt))), random, shift);
}

function editingBatch(config: UniPicConfig, tokenizer: Tokenizer, stage: StageConfig, random: Random): Batch {
  const edits = Array.from({ length: stage.batch.editing }, () => {
    const edit = planEdit(random, { ...stage.scenes, ...stage.edits });
    return random.chance(stage.repeats) ? { ...edit, instruction: undefined, target: edit.source } : edit;
  });
  const features = sourceFeatures(config);
  const prompts = edits.map(({ instruction }) =>
    instruction === undefined ? editTwin(features) : editPrompt(instruction, features),
  );
  const size = config.mar.img_size;
  const draw = (scenes: Scene[]) => scenes.map((scene) => drawScene(scene, size));
  const sources = draw(edits.map((edit) => edit.source));
  return {
    pixels: pixelArray(draw(edits.map((edit) => edit.target)), size),
    source_pixels: pixelArray(sources, size),
    ...visionInputs(config, sources),
    ...editingInputs(config, tokenizer, prompts, random, stage.timestepShift),
  };
}

/** What the vision tower is to see of edits' source pictures, RGB bytes of the size that is drawn, where the model's edits have it. */
export function visionInputs(config: UniPicConfig, sources: readonly Uint8Array[]): Batch {
  return config.editing_vision ? { vision_pixels: visionPixels(config, sources) } : {};
}

/** The same in whatever model, as pixels for the tower. */
export function visionPixels({ mar, siglip2 }: UniPicConfig, sources: readonly Uint8Array[]): HostArray {
  const { img_size: drawn } = mar;
  const { image_size: seen } = siglip2;
  const resized = sources.map((source) => resize(picture(drawn, drawn, source), seen, seen).data);
  return pixelArray(resized, seen);
}

/** What editing by prompts needs beside pictures. */
export function editingInputs(
  config: UniPicConfig,
  tokenizer: Tokenizer,
  prompts: readonly string[],
  random: Random,
  shift: number,
): Batch {
  const count = nativeSide(config.mar) ** 2;
  const ids = pad(prompts.map((prompt) => tokenizer.encode(prompt)));
  const everywhere = Array.from({ length: prompts.length * count }, (_, i) => i % count);
  return {
    everywhere: hostArray("int64", [prompts.length, count], everywhere),
    source: hostArray("int64", ids.shape, featureRows(ids.rows, imageToken(tokenizer), sourceFeatures(config))),
    ...drawing(config.mar, ids, random, shift, true),
  };
}

/** Scenes that the vision tower is to look at. */
function seenScenes({ scenes, seen }: StageConfig, count: number, random: Random): Scene[] {
  return Array.from({ length: count }, () => planScene(random, { ...scenes, ...seen }));
}

function understandingBatch(config: UniPicConfig, tokenizer: Tokenizer, stage: StageConfig, random: Random): Batch {
  const scenes = seenScenes(stage, stage.batch.understanding, random);
  const asked = scenes.map((scene) => askQuestions(random, scene, stage.questions));
  const inputs = understandingInputs(config, tokenizer, asked, random, stage);
  return { pixels: drawPixels(scenes, config.siglip2.image_size), ...inputs };
}

/** How often a caption to be told apart says the background. */
export const CONTRAST_BACKGROUND_SHARE = 0.3;

function contrastBatch(config: UniPicConfig, tokenizer: Tokenizer, stage: StageConfig, random: Random): Batch {
  const scenes = seenScenes(stage, stage.batch.contrast, random);
  const captions = scenes.map((scene) => describe(scene, { background: random.chance(CONTRAST_BACKGROUND_SHARE) }));
  return { pixels: drawPixels(scenes, config.siglip2.image_size), ...contrastInputs(config, tokenizer, captions) };
}

/** What telling captions apart needs beside pictures. */
export function contrastInputs(config: UniPicConfig, tokenizer: Tokenizer, captions: readonly string[]): Batch {
  const size = captions.length;
  const vocabulary = config.llm.vocab_size;
  const words = new Float32Array(size * vocabulary);
  captions.forEach((text, row) => {
    for (const id of tokenizer.encode(text)) words[row * vocabulary + id]++;
  });
  const pairs = captions.flatMap((text) => captions.map((other) => (text === other ? 1 : -1)));
  return {
    words: hostArray("float32", [size, vocabulary], words),
    pairs: hostArray("float32", [size, size], Float32Array.from(pairs)),
  };
}

/** What grounding needs, under its name. Always of the picture world, which alone knows where things stand. */
export function groundingBatch(config: UniPicConfig, tokenizer: Tokenizer, stage: StageConfig, random: Random): Batch {
  if (stage.batch.grounding === 0) return {};
  const scenes = seenScenes(stage, stage.batch.grounding, random);
  const said = groundingInputs(config.llm.vocab_size, tokenizer, scenes, patchSide(config.siglip2));
  return prefixed("grounding", { pixels: drawPixels(scenes, config.siglip2.image_size), ...said });
}

/** What laying out prompts and changing things in place need, under their names; of the picture world alone, like grounding. */
export function composingBatches(
  config: UniPicConfig,
  tokenizer: Tokenizer,
  { batch, scenes, seen, edits }: StageConfig,
  random: Random,
): Batch {
  const { layout, changing } = batch;
  return {
    ...(layout > 0 ? prefixed("layout", layoutInputs(config, tokenizer, layout, { ...scenes, ...seen }, random)) : {}),
    ...(changing > 0
      ? prefixed("changing", changingInputs(config, tokenizer, changing, { ...scenes, ...edits }, random))
      : {}),
  };
}

/** What both drawing losses need beside pixels: which tokens are visible, where they stand, what is predicted and how it is noised. */
function drawing(mar: MarConfig, ids: Padded, random: Random, shift: number, editing = false): Batch {
  const count = nativeSide(mar) ** 2;
  const masked = trainingMaskCount(random, count, mar.mask_ratio_min);
  const orders = ids.rows.map(() => drawOrder(random, count));
  const arranged = arrangeDrawing(ids, { orders, masked }, mar.buffer_size, mar.diffusion_batch_mul, editing);
  const [rows] = arranged.predicted.shape;
  return {
    ...arranged,
    timesteps: hostArray(
      "int64",
      [rows],
      Array.from({ length: rows }, () => shiftedTimestep(random.integer(TIMESTEPS), shift)),
    ),
    noise: hostArray("float32", [rows, tokenWidth(mar)], random.normals(rows * tokenWidth(mar))),
  };
}

const TIMESTEPS = 1000;

/** A timestep moved towards the noisy end: see `timestepShift` in stage.ts. A shift of 1 leaves it where it is. */
function shiftedTimestep(timestep: number, shift: number): number {
  const share = timestep / (TIMESTEPS - 1);
  return Math.round(((shift * share) / (1 + (shift - 1) * share)) * (TIMESTEPS - 1));
}
