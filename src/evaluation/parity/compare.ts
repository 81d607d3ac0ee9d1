import type { ParityOutput } from "./parity-case.ts";
import type { Tolerance } from "./tolerance.ts";

/** How one output came out. */
export interface Comparison {
  /** Largest absolute difference; NaN when the two cannot be compared value by value, or one is not a number. */
  maxError: number;
  pass: boolean;
  /** Why it failed, where the error alone does not say. */
  note?: string;
}

/**
 * Holds an output against what is expected.
 *
 * @param ignore true at flat places that do not matter
 */
export function compare(
  got: ParityOutput,
  expected: ParityOutput,
  tolerance: Tolerance,
  ignore: (place: number) => boolean = () => false,
): Comparison {
  if (got.shape.length !== expected.shape.length || got.shape.some((size, axis) => size !== expected.shape[axis])) {
    return failure(`has shape [${got.shape.join(", ")}] instead of [${expected.shape.join(", ")}]`);
  }
  const count = expected.values.length;
  if (got.values.length !== count) return failure(`has ${got.values.length} values instead of ${count}`);
  let maxError = 0;
  let compared = 0;
  let off = 0;
  let farOff = 0;
  for (let place = 0; place < count; place++) {
    if (ignore(place)) continue;
    compared++;
    const value = Number(got.values[place]);
    const aim = Number(expected.values[place]);
    // Equal infinities have no difference that can be computed.
    const error = value === aim ? 0 : Math.abs(value - aim);
    const allowed = tolerance.absolute + tolerance.relative * Math.abs(aim);
    // Written so that anything not finite is off, and a NaN stays visible in the largest error.
    if (error !== 0 && !(Number.isFinite(error) && error <= allowed)) {
      off++;
      if (!(error <= (tolerance.except?.by ?? 0))) farOff++;
    }
    if (error > maxError || Number.isNaN(error)) maxError = Number.isNaN(maxError) ? maxError : error;
  }
  const few = tolerance.except !== undefined && farOff === 0 && off < tolerance.except.share * compared;
  const pass = off === 0 || few;
  return pass ? { maxError, pass } : { maxError, pass, note: `${off} of ${compared} values are off` };
}

/** A comparison that never got as far as the values. */
export function failure(note: string): Comparison {
  return { maxError: Number.NaN, pass: false, note };
}
