/** What lies in a checkpoint, by the parts of a UniPic model. */
import { extname } from "node:path";
import {
  byteLength,
  elementCount,
  openCheckpoint,
  readTorchFile,
  weightInfo,
  weightNames,
} from "../checkpoint/index.ts";
import type { WeightInfo } from "../checkpoint/quantized.ts";
import { UserError } from "../errors.ts";
import { PARTS, partOf } from "../models/parts.ts";

/** A weight without its contents, in the shape that a model knows. */
export interface TensorEntry extends WeightInfo {
  name: string;
}

export interface PartSummary {
  part: string;
  tensors: number;
  parameters: number;
  bytes: number;
  /** What most of its parameters are stored as: fp32, fp16, bf16, int8, int4, ... */
  precision: string;
  /** Every element type or format in it. */
  dtypes: string[];
}

const TORCH_ENDINGS = [".bin", ".ckpt", ".pt", ".pth"];
const OTHER = "other";

export const PART_NAMES: readonly string[] = PARTS.map(({ name }) => name);

/** Element types as people call them; formats of quantised weights have their name already. */
const PRECISIONS: Record<string, string> = { F64: "fp64", F32: "fp32", F16: "fp16", BF16: "bf16" };

const PICTURE_ENDINGS = [".png", ".jpg", ".jpeg", ".webp", ".gif", ".avif"];

/** The tensors of a safetensors file, a torch file, or a folder with `model.safetensors` or its shards. */
export async function listTensors(path: string): Promise<TensorEntry[]> {
  if (TORCH_ENDINGS.includes(extname(path).toLowerCase())) {
    const file = await readTorchFile(path);
    try {
      return [...file.tensors().values()].map(({ name, dtype, shape }) => ({
        name,
        type: dtype,
        shape,
        bytes: byteLength(dtype, shape),
      }));
    } finally {
      await file.close();
    }
  }
  const ending = extname(path).toLowerCase();
  if (PICTURE_ENDINGS.includes(ending)) {
    throw new UserError(`"${path}" is a picture, not a checkpoint; unipic describe looks at pictures.`);
  }
  const reader = await openCheckpoint(path);
  try {
    return weightNames(reader).map((name) => ({ name, ...weightInfo(reader, name) }));
  } finally {
    await reader.close();
  }
}

/** Counts what each part has, in a fixed order; parts that are not there are left out. */
export function summarizeParts(tensors: readonly TensorEntry[]): PartSummary[] {
  return [...PART_NAMES, OTHER].flatMap((part) => {
    const own = tensors.filter(({ name }) => (partOf(name)?.name ?? OTHER) === part);
    if (own.length === 0) return [];
    const sum = (of: (tensor: TensorEntry) => number, among = own) =>
      among.reduce((total, tensor) => total + of(tensor), 0);
    const dtypes = [...new Set(own.map(({ type }) => type))].sort();
    const stored = (dtype: string) =>
      sum(
        ({ shape }) => elementCount(shape),
        own.filter(({ type }) => type === dtype),
      );
    const [most] = [...dtypes].sort((a, b) => stored(b) - stored(a));
    return {
      part,
      tensors: own.length,
      parameters: sum(({ shape }) => elementCount(shape)),
      bytes: sum(({ bytes }) => bytes),
      precision: PRECISIONS[most] ?? most,
      dtypes,
    };
  });
}
