/** What becomes of each weight, and why. */
import { byteLength, type CheckpointReader, elementCount, weightInfo, weightNames } from "../checkpoint/index.ts";
import { INT4_BLOCK, type QuantizedFormat } from "../checkpoint/quantized-numbers.ts";
import { isFloating, type StoredDType } from "../checkpoint/tensor-data.ts";
import { UserError } from "../errors.ts";
import type { UniPicConfig } from "../models/config.ts";
import { type PartKey, partOf } from "../models/parts.ts";
import { FLOAT_TYPES, isQuantized, type PartPrecisions, type Precision } from "./precision.ts";
import { linearWeights } from "./uses.ts";

/** Why a weight of a quantised part keeps the precision it has. */
export const REASONS = {
  vector: "biases and norms: one number for each channel, so nothing to gain",
  ends: "the head's first and last layer: their errors go undamped into every denoising step",
  short: "rows too short to gain from",
  table: "embeddings, position tables and kernels: not the weights of a linear layer",
} as const;
export type Reason = keyof typeof REASONS;

export interface PlannedWeight {
  name: string;
  part?: PartKey;
  shape: readonly number[];
  from: StoredDType;
  to: StoredDType | QuantizedFormat;
  /** Bytes before and after, scales included. */
  before: number;
  after: number;
  /** Where its part is quantised and it is not. */
  kept?: Reason;
}

/** Layers with shorter rows, those that read tokens, are a few numbers in all, and what they lose is lost to all that follows. */
const SHORTEST_ROW = 128;

const HEAD_ENDS = ["mar.diffloss.net.input_proj.weight", "mar.diffloss.net.final_layer.linear.weight"];

/**
 * Plans a checkpoint's way into other precisions. In int8 and int4 parts the weights of linear layers are quantised, whatever else
 * there is keeps the type it is stored in.
 *
 * @throws UserError when the checkpoint is quantised already, or a row cannot be cut into blocks of int4
 */
export function planWeights(
  reader: Pick<CheckpointReader, "names" | "has" | "info">,
  config: UniPicConfig,
  precisions: PartPrecisions,
): PlannedWeight[] {
  const linear = linearWeights(config);
  return weightNames(reader).map((name) => {
    const { shape, type, bytes: before } = weightInfo(reader, name);
    if (type === "int8" || type === "int4") {
      throw new UserError(`The weight "${name}" is ${type} already; quantise the model that it was made from instead.`);
    }
    const part = partOf(name)?.key;
    const precision = part && precisions[part];
    const stays = { name, part, shape, from: type, to: type, before, after: before };
    if (!precision || !isFloating(type)) return stays;
    if (!isQuantized(precision)) {
      const to = FLOAT_TYPES[precision];
      return { ...stays, to, after: byteLength(to, shape) };
    }
    const kept = reasonToKeep(name, shape, linear);
    if (kept) return { ...stays, kept };
    checkRows(name, shape, precision);
    return { ...stays, to: precision, after: quantizedBytes(precision, shape) };
  });
}

function reasonToKeep(name: string, shape: readonly number[], linear: ReadonlySet<string>): Reason | undefined {
  if (shape.length < 2) return "vector";
  if (!linear.has(name)) return "table";
  if (HEAD_ENDS.includes(name)) return "ends";
  return shape[1] < SHORTEST_ROW ? "short" : undefined;
}

function checkRows(name: string, [, inner]: readonly number[], precision: Precision): void {
  if (precision !== "int4" || inner % INT4_BLOCK === 0) return;
  throw new UserError(
    `The weight "${name}" has rows of ${inner} numbers, and int4 takes multiples of ${INT4_BLOCK}; choose int8 for its part.`,
  );
}

function quantizedBytes(format: QuantizedFormat, shape: readonly number[]): number {
  const count = elementCount(shape);
  return format === "int8"
    ? count + byteLength("F32", [shape[0]])
    : count / 2 + byteLength("F16", [count / INT4_BLOCK]);
}
