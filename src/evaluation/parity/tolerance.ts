import type { TensorEntry } from "./manifest.ts";

/** How far an output may lie from what is expected: `|got - expected| <= absolute + relative |expected|`. */
export interface Tolerance {
  absolute: number;
  relative: number;
  /** This share of the values may be further off, by no more than `by`. */
  except?: { share: number; by: number };
}

export const exact: Tolerance = { absolute: 0, relative: 0 };

const relative = (share: number): Tolerance => ({ absolute: 0, relative: share });

/**
 * What a case allows an output: its own `atol` where the manifest gives one, else the rule the manifest states in words for the kind.
 * Whole numbers are exact unless noted.
 *
 * @throws RangeError for a floating-point output without `atol` of a kind that has no rule
 */
export function toleranceOf(kind: string, name: string, output: TensorEntry): Tolerance {
  if (output.atol !== undefined) return { absolute: output.atol, relative: 0 };
  if (kind === "checkpoint") return exact;
  // Pillow's fixed-point resize is reproduced exactly here, but its own versions differ in the last bit.
  if (kind === "preprocess" && output.dtype === "U8") return { ...exact, except: { share: 0.005, by: 1 } };
  if (!/^B?F\d+$/.test(output.dtype)) return pixelLevels(output);
  switch (kind) {
    case "schedule":
      return relative(output.dtype === "F64" ? 1e-10 : 1e-6);
    case "preprocess":
      return { absolute: 1e-6, relative: 0 };
    case "adamw":
      return adamw(name, output.dtype);
    default:
      throw new RangeError(`The manifest gives no tolerance for "${name}" of a "${kind}" case.`);
  }
}

/** How much further than the official code's own float32 rounding a port may go: the factor from which the manifest's `atol`s are made. */
const allowanceFactor = 20;

/** Whole numbers are exact, but for pixel levels noted to move where truncation meets rounding. */
function pixelLevels({ shape, maxLevelDifference = 0, movedLevels = 0 }: TensorEntry): Tolerance {
  if (maxLevelDifference === 0 || movedLevels === 0) return exact;
  const share = (allowanceFactor * movedLevels) / shape.reduce((product, size) => product * size, 1);
  return { ...exact, except: { share, by: maxLevelDifference } };
}

/** What numpy's and torch's `allclose` allow beside a relative tolerance when nothing else is said. */
const ALLCLOSE_FLOOR = 1e-8;

/**
 * Parameters, moments and learning rates each have their own rule. The moments' "rtol 1e-5" is read as `allclose` reads it: where terms
 * cancel, a moment of 1e-6 holds the float32 rounding of terms of 1e-2, which even exact arithmetic does not reproduce to 1e-5.
 */
function adamw(name: string, dtype: string): Tolerance {
  if (name.includes(".exp_avg")) return { absolute: ALLCLOSE_FLOOR, relative: 1e-5 };
  // The float64 table is the yardstick; the copies stored in float32 have their rounding.
  if (/(^|\.)lr_/.test(name)) return relative(dtype === "F64" ? 1e-9 : 1e-7);
  return { absolute: 2e-7, relative: 2e-6 };
}

/** The tolerance as the report prints it: "5e-5", "rtol 1e-6", "exact". */
export function describeTolerance({ absolute, relative, except }: Tolerance): string {
  const parts = [];
  if (absolute > 0) parts.push(short(absolute));
  if (relative > 0) parts.push(`rtol ${short(relative)}`);
  if (except) parts.push(`±${except.by} on < ${Number((except.share * 100).toPrecision(2))} %`);
  return parts.join(" + ") || "exact";
}

function short(value: number): string {
  return value.toExponential().replace(/\.?0*e/, "e");
}
