import { UserError } from "../../errors.ts";

/** What a detector tells apart, and its sizes: the `config.json` beside its weights. */
export interface DetectorConfig {
  model_type: "unipic-detector";
  /** Side in pixels of the pictures it looks at; its heat map has a fourth of it. */
  size: number;
  /** Channels at a half, a quarter, an eighth and a sixteenth of the side, each a multiple of 8. */
  widths: readonly [number, number, number, number];
  /** Object names. */
  objects: readonly string[];
  /** Names of the colours that objects can be painted in. */
  colors: readonly string[];
  /** Kinds of background. */
  backgrounds: readonly string[];
  /** Names of the colours that backgrounds have, where they have one. */
  background_colors: readonly string[];
  /** Peaks of the heat map lower than this are no objects. */
  least_score: number;
}

/** Pixels between two cells of the heat map, across and down. */
export const STRIDE = 4;

/** Cells along a side of the heat map. */
export const gridSide = ({ size }: DetectorConfig): number => size / STRIDE;

const MOST_NAMES = 1000;
const MOST_CHANNELS = 2048;
const LISTS = ["objects", "colors", "backgrounds", "background_colors"] as const;

/**
 * Reads a parsed `config.json` of a detector.
 *
 * @throws UserError naming what is missing or not sensible
 */
export function parseDetectorConfig(json: Readonly<Record<string, unknown>>, where: string): DetectorConfig {
  const fail = (key: string, what: string): never => {
    throw new UserError(`${where}: ${key} must be ${what}, not ${JSON.stringify(json[key])?.slice(0, 80)}.`);
  };
  const { size, widths, least_score: least } = json;
  if (json.model_type !== "unipic-detector") fail("model_type", '"unipic-detector"');
  if (!isMultiple(size, 16, 1024)) fail("size", "a multiple of 16 from 16 to 1024");
  if (!Array.isArray(widths) || widths.length !== 4 || !widths.every((width) => isMultiple(width, 8, MOST_CHANNELS))) {
    fail("widths", `four multiples of 8 up to ${MOST_CHANNELS}`);
  }
  for (const key of LISTS) {
    const names = json[key];
    const fits = Array.isArray(names) && names.length > 0 && names.length <= MOST_NAMES;
    if (!fits || !names.every((name) => typeof name === "string")) fail(key, `a list of 1 to ${MOST_NAMES} names`);
  }
  if (typeof least !== "number" || !(least >= 0 && least <= 1)) fail("least_score", "a number from 0 to 1");
  return json as unknown as DetectorConfig;
}

const isMultiple = (value: unknown, factor: number, most: number): value is number =>
  Number.isInteger(value) && (value as number) > 0 && (value as number) <= most && (value as number) % factor === 0;
