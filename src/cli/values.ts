/** Readers of option values: text to what it means, or a sentence about what would be right. */
import { UserError } from "../errors.ts";

/** A number from `least` to `most`; without them the range is checked where the number is used. */
export const numberFor =
  (option: string, least = Number.NEGATIVE_INFINITY, most = Number.POSITIVE_INFINITY) =>
  (text: string): number => {
    const value = text.trim() === "" ? Number.NaN : Number(text);
    if (!Number.isFinite(value)) throw new UserError(`${option} takes a number, not "${text}".`);
    if (value < least || value > most) {
      throw new UserError(`${option} takes a number from ${least} to ${most}, not "${text}".`);
    }
    return value;
  };

/** A whole number from `least` to `most`. */
export const wholeNumberFor =
  (option: string, least = 0, most = Number.MAX_SAFE_INTEGER) =>
  (text: string): number => {
    const value = numberFor(option)(text);
    if (!Number.isSafeInteger(value) || value < least || value > most) {
      const range = most === Number.MAX_SAFE_INTEGER ? `${least} up` : `${least} to ${most}`;
      throw new UserError(`${option} takes a whole number from ${range}, not "${text}".`);
    }
    return value;
  };

/** Two numbers with a colon between them. */
export const pairFor =
  (option: string, example: string) =>
  (text: string): [first: number, second: number] => {
    const parts = text.split(":").map((part) => (part.trim() === "" ? Number.NaN : Number(part)));
    if (parts.length === 2 && parts.every(Number.isFinite)) return [parts[0], parts[1]];
    throw new UserError(`${option} takes two numbers such as ${example}, not "${text}".`);
  };

/** One of several names. */
export const oneOf =
  <Name extends string>(option: string, names: readonly Name[]) =>
  (text: string): Name => {
    const name = names.find((each) => each === text.trim().toLowerCase());
    if (name === undefined) throw new UserError(`${option} takes one of ${names.join(", ")}, not "${text}".`);
    return name;
  };

/** A size in pixels: the side of a square, or width and height as `128x64`. */
export function parseSize(text: string): [width: number, height: number] {
  const match = /^(\d{1,6})(?:x(\d{1,6}))?$/i.exec(text.trim());
  if (!match) throw new UserError(`--size takes pixels, as 64 or as 128x64, not "${text}".`);
  return [Number(match[1]), Number(match[2] ?? match[1])];
}

const UNITS = { "": 1, kb: 1e3, mb: 1e6, gb: 1e9, kib: 2 ** 10, mib: 2 ** 20, gib: 2 ** 30 } as const;

/** Bytes, such as `6GB`, `500 MiB` or a plain number. */
export function parseMemory(text: string): number {
  const [, number, unit = ""] = /^(\d+(?:\.\d+)?)\s*([a-z]*)$/i.exec(text.trim()) ?? [];
  const bytes = Number(number) * UNITS[unit.toLowerCase() as keyof typeof UNITS];
  if (bytes > 0 && bytes <= Number.MAX_SAFE_INTEGER) return Math.round(bytes);
  throw new UserError(`--memory takes a size such as 6GB or 500MB, not "${text}".`);
}
