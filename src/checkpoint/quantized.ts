/**
 * How a checkpoint marks a quantised weight: under the weight's own name its whole numbers, I8 for int8 and U8 for int4, and beside
 * them `<name>_scale`. `quantized-numbers.ts` says what the numbers mean.
 */
import { UserError } from "../errors.ts";
import type { JsonObject } from "./json.ts";
import { dequantize, INT4_BLOCK, type QuantizedFormat } from "./quantized-numbers.ts";
import type { TensorDescription } from "./safetensors-header.ts";
import type { CheckpointReader } from "./sharded.ts";
import { toFloat32 } from "./tensor-data.ts";

/** The name of the scales of a quantised weight. */
export const scaleName = (name: string): string => `${name}_scale`;

/** A quantised weight: its two tensors, and the shape that a model knows it by. */
export interface QuantizedPair<T> {
  format: QuantizedFormat;
  shape: [out: number, inner: number];
  numbers: T;
  scales: T;
}

/**
 * The two tensors of a quantised weight, or undefined for a weight that is stored plainly or not there.
 *
 * @param find a tensor by its name
 * @throws UserError when there are whole numbers with scales that do not fit them
 */
export function quantizedPair<T extends Omit<TensorDescription, "name">>(
  name: string,
  find: (name: string) => T | undefined,
): QuantizedPair<T> | undefined {
  const numbers = find(name);
  if (numbers?.dtype !== "I8" && numbers?.dtype !== "U8") return undefined;
  const format = numbers.dtype === "I8" ? "int8" : "int4";
  const scales = find(scaleName(name));
  if (!scales) return undefined;
  const [rows, columns] = numbers.shape;
  const shape: [number, number] = format === "int8" ? [columns, rows] : [rows, 2 * columns];
  const expected = format === "int8" ? [shape[0]] : [shape[0], shape[1] / INT4_BLOCK];
  const fits = numbers.shape.length === 2 && scales.shape.join() === expected.join();
  if (!fits || scales.dtype !== (format === "int8" ? "F32" : "F16")) {
    const [found, beside] = [numbers, scales].map(({ dtype, shape }) => `${dtype} [${shape.join(", ")}]`);
    throw new UserError(`The scales of the weight "${name}" do not fit it: it is ${found}, they are ${beside}.`);
  }
  return { format, shape, numbers, scales };
}

/** {@link quantizedPair} of an open checkpoint. */
export const quantizedIn = <T extends Omit<TensorDescription, "name">>(
  reader: { has(name: string): boolean; info(name: string): T },
  name: string,
): QuantizedPair<T> | undefined => quantizedPair(name, (part) => (reader.has(part) ? reader.info(part) : undefined));

/** A weight as a model knows it, however it is stored. */
export interface WeightInfo {
  shape: number[];
  /** The element type, or the format of a quantised weight. */
  type: TensorDescription["dtype"] | QuantizedFormat;
  /** All that it takes in its files. */
  bytes: number;
}

/** @throws UserError when there is no such weight, or when its parts do not fit together */
export function weightInfo(reader: Pick<CheckpointReader, "has" | "info">, name: string): WeightInfo {
  const pair = quantizedIn(reader, name);
  if (pair) return { shape: pair.shape, type: pair.format, bytes: pair.numbers.length + pair.scales.length };
  const { shape, dtype, length } = reader.info(name);
  return { shape, type: dtype, bytes: length };
}

/** The weights of a checkpoint; the scales of quantised ones are no weights of their own. */
export function weightNames(reader: Pick<CheckpointReader, "names" | "has" | "info">): string[] {
  const names = reader.names();
  const scales = new Set(names.filter((name) => quantizedIn(reader, name)).map(scaleName));
  return names.filter((name) => !scales.has(name));
}

/** A weight's values in float32, those of a quantised one multiplied out. */
export async function readWeight(
  reader: Pick<CheckpointReader, "has" | "info" | "read">,
  name: string,
): Promise<{ shape: readonly number[]; values: Float32Array }> {
  const pair = quantizedIn(reader, name);
  const tensor = await reader.read(name);
  if (!pair) return { shape: tensor.shape, values: toFloat32(tensor) };
  const { bytes } = await reader.read(scaleName(name));
  return { shape: pair.shape, values: dequantize(pair.format, tensor.bytes, bytes, pair.shape) };
}

/** What `quantization` in a folder's `config.json` says: the format of each part that has quantised weights. */
export interface Quantization {
  version: 1;
  parts: Record<string, QuantizedFormat>;
}

/**
 * Reads the `quantization` of a parsed `config.json`; undefined where nothing is quantised.
 *
 * @throws UserError when it is of another version than the one that is read here, or makes no sense
 */
export function parseQuantization({ quantization }: JsonObject, where: string): Quantization | undefined {
  if (quantization === undefined) return undefined;
  const { version, parts } = (quantization ?? {}) as Partial<Quantization>;
  if (version !== 1) {
    const found = JSON.stringify(version);
    throw new UserError(`${where}: quantization.version is ${found}, and only version 1 is read here.`);
  }
  const formats = typeof parts === "object" && parts !== null ? Object.values(parts) : [undefined];
  if (!formats.every((format) => format === "int8" || format === "int4")) {
    throw new UserError(`${where}: quantization.parts must say "int8" or "int4" for each part that it names.`);
  }
  return { version, parts: parts as Quantization["parts"] };
}
