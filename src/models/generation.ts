import { UserError } from "../errors.ts";
import { type MarConfig, nativeSide, type UniPicConfig } from "./config.ts";
import { tokenPixels } from "./programs.ts";

/** How a model is best used: the `generation_config.json` of a model folder. */
export interface GenerationConfig {
  /** Side of a picture in pixels. */
  size: number;
  /** Tokens of a picture of that size. */
  tokens: number;
  /** Denoising steps of a token. */
  steps: string;
  guidance: number;
  /** Of edits, where it is another one. */
  edit_guidance?: number;
  temperature: number;
  /** Of edits, where it is another one. */
  edit_temperature?: number;
  /** Rounds of prediction of edits, where they are others. */
  edit_rounds?: number;
  /** Side in pixels at which pictures are seen. */
  understanding_size: number;
  /** What the model's conversations are answered in view of. */
  chat_remember?: ChatMemory;
}

/**
 * What a question of a conversation is answered in view of: the whole conversation, or the current picture alone, which is the form of
 * models that were trained with one question a picture.
 */
export type ChatMemory = "conversation" | "picture";

export const CHAT_MEMORIES: readonly ChatMemory[] = ["conversation", "picture"];

/** What is done where a call says nothing else; each has a default of its own. */
export interface GenerationDefaults {
  /** Side in pixels of the pictures that are drawn. Default: the native one. */
  drawSize?: number;
  /** Guidance of edits. Default: that of all pictures. */
  editGuidance?: number;
  /** Temperature of edits. Default: that of all pictures. */
  editTemperature?: number;
  /** Rounds of prediction of edits. Default: as of all pictures. */
  editRounds?: number;
  /** Default `conversation`. */
  chatMemory?: ChatMemory;
}

/**
 * The defaults that a parsed `generation_config.json` names; none where there is no such file.
 *
 * @param folder the model folder, for error messages
 * @throws UserError naming the entry that is wrong
 */
export function generationDefaults(
  json: Readonly<Record<string, unknown>> | undefined,
  mar: MarConfig,
  folder: string,
): GenerationDefaults {
  const said = json?.chat_remember;
  const drawSize = drawSizeOf(json, mar, folder);
  const wrong = (what: string, value: unknown) =>
    new UserError(`${folder}/generation_config.json: ${what}, not ${JSON.stringify(value)}.`);
  const numberIn = (name: string, least: number, most: number): number | undefined => {
    const value = json?.[name];
    if (value === undefined || (typeof value === "number" && value >= least && value <= most)) return value;
    throw wrong(`${name} must be a number from ${least} to ${most}`, value);
  };
  const wholeIn = (name: string, least: number, most: number): number | undefined => {
    const value = numberIn(name, least, most);
    if (value === undefined || Number.isInteger(value)) return value;
    throw wrong(`${name} must be a whole number`, value);
  };
  const chatMemory = CHAT_MEMORIES.find((name) => name === said);
  if (said !== undefined && !chatMemory) throw wrong(`chat_remember must be ${CHAT_MEMORIES.join(" or ")}`, said);
  return {
    drawSize,
    editGuidance: numberIn("edit_guidance", 1, 100),
    editTemperature: numberIn("edit_temperature", 0.01, 10),
    editRounds: wholeIn("edit_rounds", 1, (drawSize / tokenPixels(mar)) ** 2),
    chatMemory,
  };
}

/** What suits a model that draws squares of `size` pixels; its native size where none is given. */
export function generationConfig({ mar, siglip2 }: UniPicConfig, size = mar.img_size): GenerationConfig {
  const side = size / tokenPixels(mar);
  return {
    size,
    tokens: side * side,
    steps: mar.num_sampling_steps,
    guidance: 3,
    temperature: 1,
    understanding_size: siglip2.image_size,
  };
}

/** Twice the native side: what the official model was trained at last, and draws at. */
export const officialSize = (mar: MarConfig): number => 2 * nativeSide(mar) * tokenPixels(mar);

/**
 * The side of a picture that a parsed `generation_config.json` names; the native one where there is no such file.
 *
 * @param folder the model folder, for error messages
 * @throws UserError when it is no size that the model can draw
 */
export function drawSizeOf(
  json: Readonly<Record<string, unknown>> | undefined,
  mar: MarConfig,
  folder: string,
): number {
  const { size = mar.img_size } = json ?? {};
  const token = tokenPixels(mar);
  if (typeof size === "number" && size > 0 && size % token === 0 && size / token <= MOST_SIDE) return size;
  throw new UserError(
    `${folder}/generation_config.json: size must be a multiple of ${token} pixels up to ${MOST_SIDE * token}.`,
  );
}

/** The most tokens along a side of a picture. */
const MOST_SIDE = 64;
