import { UserError } from "../src/errors.ts";

/** A whole number given on the command line. */
export function wholeNumber(name: string, text: string, least: number): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= least && value <= Number.MAX_SAFE_INTEGER) return value;
  throw new UserError(`--${name} must be a whole number of at least ${least}, not "${text}".`);
}

/** A number above 0 given on the command line. */
export function positiveNumber(name: string, text: string): number {
  const value = Number(text);
  if (value > 0 && Number.isFinite(value)) return value;
  throw new UserError(`--${name} must be a number above 0, not "${text}".`);
}
