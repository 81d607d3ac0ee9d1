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
  temperature: number;
  /** Side in pixels at which pictures are seen. */
  understanding_size: number;
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
