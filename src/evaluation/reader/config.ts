import { UserError } from "../../errors.ts";

/** What a reader tells apart, and its sizes: the `config.json` beside its weights. */
export interface ReaderConfig {
  model_type: "unipic-reader";
  /** Side in pixels of the pictures it reads. */
  size: number;
  /** Channels at a half, a quarter, an eighth and a sixteenth of the side. */
  widths: readonly [number, number, number, number];
  /** Object names. */
  objects: readonly string[];
  /** Colour names; `natural` is the look of an object that was not painted. */
  colors: readonly string[];
  /** Kinds of background. */
  backgrounds: readonly string[];
  /** An answer less probable than this is no answer. */
  least_confidence: number;
}

/** The colour of what is not painted. */
export const NATURAL = "natural";

/** The three things read, as the heads and their lists of names are called. */
export const PARTS = ["object", "color", "background"] as const;
export type Part = (typeof PARTS)[number];

/** The names that a part can have. */
export function namesOf(config: ReaderConfig, part: Part): readonly string[] {
  return { object: config.objects, color: config.colors, background: config.backgrounds }[part];
}

const MOST_NAMES = 1000;
const MOST_CHANNELS = 2048;

/**
 * Reads a parsed `config.json` of a reader.
 *
 * @throws UserError naming what is missing or not sensible
 */
export function parseReaderConfig(json: Readonly<Record<string, unknown>>, where: string): ReaderConfig {
  const fail = (key: string, what: string): never => {
    throw new UserError(`${where}: ${key} must be ${what}, not ${JSON.stringify(json[key])?.slice(0, 80)}.`);
  };
  const { size, widths, least_confidence: least } = json;
  if (json.model_type !== "unipic-reader") fail("model_type", '"unipic-reader"');
  if (!isWhole(size, 16, 1024) || size % 16 !== 0) fail("size", "a multiple of 16 from 16 to 1024");
  if (!Array.isArray(widths) || widths.length !== 4 || !widths.every((width) => isWhole(width, 1, MOST_CHANNELS))) {
    fail("widths", `four whole numbers from 1 to ${MOST_CHANNELS}`);
  }
  for (const key of ["objects", "colors", "backgrounds"] as const) {
    const names = json[key];
    const fits = Array.isArray(names) && names.length > 0 && names.length <= MOST_NAMES;
    if (!fits || !names.every((name) => typeof name === "string")) fail(key, `a list of 1 to ${MOST_NAMES} names`);
  }
  if (typeof least !== "number" || !(least >= 0 && least <= 1)) fail("least_confidence", "a number from 0 to 1");
  return json as unknown as ReaderConfig;
}

const isWhole = (value: unknown, least: number, most: number): value is number =>
  Number.isInteger(value) && (value as number) >= least && (value as number) <= most;
