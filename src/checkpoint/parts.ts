/** What lies in a checkpoint, by the parts of a UniPic model. */
import { PARTS, partOf } from "../models/parts.ts";
import { quantizedIn, scaleName, type WeightInfo } from "./quantized.ts";
import { byteLength, elementCount, type StreamedTensor } from "./tensor-data.ts";
import { openWeights } from "./weights-file.ts";

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

const OTHER = "other";

export const PART_NAMES: readonly string[] = PARTS.map(({ name }) => name);

/** Element types as people call them; formats of quantised weights have their name already. */
const PRECISIONS: Record<string, string> = { F64: "fp64", F32: "fp32", F16: "fp16", BF16: "bf16" };

/** The tensors of a safetensors file, a torch file, the index of shards of either, or a folder with `model.safetensors` or its shards. */
export async function listTensors(path: string): Promise<TensorEntry[]> {
  const file = await openWeights(path);
  try {
    return weightsOf([...file.tensors.values()]);
  } finally {
    await file.close();
  }
}

/** Counts what each part has, in a fixed order; parts that are not there are left out. */
export function summarizeParts(tensors: readonly TensorEntry[]): PartSummary[] {
  return [...PART_NAMES, OTHER].flatMap((part) => {
    const own = tensors.filter(({ name }) => partNameOf(name) === part);
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

/** The part of a model that a weight belongs to, by its name for people. */
export const partNameOf = (weight: string): string => partOf(weight)?.name ?? OTHER;

/** Weights as a model knows them, out of the tensors of a checkpoint: quantised ones are two tensors. */
export function weightsOf(tensors: readonly Omit<StreamedTensor, "pieces">[]): TensorEntry[] {
  const byName = new Map(tensors.map((tensor) => [tensor.name, tensor]));
  const reader = { has: (name: string) => byName.has(name), info: (name: string) => byName.get(name)! };
  const bytes = ({ dtype, shape }: Omit<StreamedTensor, "pieces">) => byteLength(dtype, shape);
  const scales = new Set<string>();
  const weights = tensors.map((tensor): TensorEntry => {
    const pair = quantizedIn(reader, tensor.name);
    if (!pair) return { name: tensor.name, type: tensor.dtype, shape: tensor.shape, bytes: bytes(tensor) };
    scales.add(scaleName(tensor.name));
    return { name: tensor.name, type: pair.format, shape: pair.shape, bytes: bytes(pair.numbers) + bytes(pair.scales) };
  });
  return weights.filter(({ name }) => !scales.has(name));
}
