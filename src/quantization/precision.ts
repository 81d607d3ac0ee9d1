import type { QuantizedFormat } from "../checkpoint/quantized-numbers.ts";
import type { StoredDType } from "../checkpoint/tensor-data.ts";
import { UserError } from "../errors.ts";
import { PARTS, type PartKey } from "../models/parts.ts";

/** What weights can be stored as. int8 and int4 serve linear layers, whose activations are then quantised as they come. */
export type Precision = "fp32" | "fp16" | "bf16" | QuantizedFormat;

export const PRECISIONS: readonly Precision[] = ["fp32", "fp16", "bf16", "int8", "int4"];

/** Element types of the precisions that every weight can have. */
export const FLOAT_TYPES = { fp32: "F32", fp16: "F16", bf16: "BF16" } as const satisfies Partial<
  Record<Precision, StoredDType>
>;

export const isQuantized = (precision: Precision): precision is QuantizedFormat =>
  precision === "int8" || precision === "int4";

/** The precision of each part; a part that is not named stays as it is stored. */
export type PartPrecisions = Partial<Record<PartKey, Precision>>;

/** @throws UserError naming the precisions that exist when the text is none of them */
export function parsePrecision(text: string): Precision {
  const precision = PRECISIONS.find((name) => name === text.trim().toLowerCase());
  if (!precision) throw new UserError(`There is no precision "${text}"; choose one of ${PRECISIONS.join(", ")}.`);
  return precision;
}

/**
 * Reads `part=precision`.
 *
 * @throws UserError when it has another form, or names a part or precision that does not exist
 */
export function parsePartPrecision(text: string): PartPrecisions {
  const [key, precision, ...rest] = text.split("=");
  if (precision === undefined || rest.length > 0) {
    throw new UserError(`A part's precision is written as part=precision, such as llm=int4, not "${text}".`);
  }
  const part = PARTS.find((each) => each.key === key.trim());
  if (!part) {
    throw new UserError(`There is no part "${key}"; choose one of ${PARTS.map((each) => each.key).join(", ")}.`);
  }
  return { [part.key]: parsePrecision(precision) };
}

/**
 * The precision of each part when one is asked for the whole model: int4 is for the language model, the others then take int8, and
 * the autoencoder is quantised in neither.
 *
 * @param exceptions parts that have another precision
 * @throws UserError when a part cannot have the precision it is given
 */
export function partPrecisions(precision: Precision, exceptions: PartPrecisions = {}): PartPrecisions {
  const chosen: PartPrecisions = {};
  for (const { key } of PARTS) {
    if (!isQuantized(precision)) chosen[key] = precision;
    else if (key !== "vae") chosen[key] = key === "llm" ? precision : "int8";
  }
  for (const [key, own] of Object.entries(exceptions) as [PartKey, Precision][]) {
    if (key === "vae" && isQuantized(own)) {
      throw new UserError(`The autoencoder (vae) cannot be ${own}: its convolutions need fp32, fp16 or bf16.`);
    }
    if (own === "int4" && key !== "llm") {
      throw new UserError(`The part ${key} cannot be int4, which is for the language model (llm) only; choose int8.`);
    }
    chosen[key] = own;
  }
  return chosen;
}
