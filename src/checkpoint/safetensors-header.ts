/**
 * The safetensors header: eight bytes of little-endian header length, then that many bytes of JSON (padded with spaces), then the
 * tensors' bytes without gaps. See https://github.com/huggingface/safetensors#format.
 */
import { UserError } from "../errors.ts";
import { clip, showValue } from "./show-value.ts";
import {
  byteLength,
  ELEMENT_BYTES,
  isSizeList,
  isStoredDType,
  type StoredDType,
  type StoredTensor,
} from "./tensor-data.ts";

/** Bytes of the length field in front of the header. */
export const LENGTH_BYTES = 8;

/**
 * The largest header that is read, room for some hundred thousand tensors. The reference implementation goes up to 100 MB, but parsed JSON
 * can take thirty times its length in memory.
 */
export const HEADER_LIMIT = 16 * 2 ** 20;

/** Where a tensor lies: `offset` counts from the start of the file, `length` is in bytes. */
export interface SafetensorsEntry {
  dtype: StoredDType;
  shape: number[];
  offset: number;
  length: number;
}

export interface SafetensorsHeader {
  entries: Map<string, SafetensorsEntry>;
  metadata: Record<string, string>;
}

/**
 * Reads the length field.
 *
 * @param start the first eight bytes of the file, or all of it when it is shorter
 * @throws UserError when the length is impossible for a file of `fileSize` bytes.
 */
export function parseHeaderLength(start: Uint8Array, fileSize: number, label: string): number {
  if (start.byteLength < LENGTH_BYTES) {
    throw new UserError(`${label} is not a safetensors file: it is only ${fileSize} bytes long.`);
  }
  const length = new DataView(start.buffer, start.byteOffset, start.byteLength).getBigUint64(0, true);
  if (length > BigInt(HEADER_LIMIT)) {
    throw new UserError(
      `${label} is not a safetensors file: it claims a header of ${length} bytes where at most ${HEADER_LIMIT} are allowed.`,
    );
  }
  if (Number(length) > fileSize - LENGTH_BYTES) {
    throw new UserError(
      `${label} is cut short or not a safetensors file: its header should be ${length} bytes but the whole file is ${fileSize}.`,
    );
  }
  return Number(length);
}

/**
 * Reads and checks the header's JSON: every tensor's type, shape and place, and that the tensors fill the file exactly.
 *
 * @throws UserError naming the tensor that is wrong.
 */
export function parseHeader(json: Uint8Array, fileSize: number, label: string): SafetensorsHeader {
  const header = parseJson(json, label);
  const dataStart = LENGTH_BYTES + json.byteLength;
  const dataLength = fileSize - dataStart;
  const entries = new Map<string, SafetensorsEntry>();
  let metadata: Record<string, string> = {};
  for (const [name, value] of Object.entries(header)) {
    if (name === "__metadata__") metadata = parseMetadata(value, label);
    else entries.set(name, parseEntry(name, value, dataStart, label));
  }
  checkPlaces(entries, dataStart, dataLength, label);
  return { entries, metadata };
}

function parseJson(json: Uint8Array, label: string): Record<string, unknown> {
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(json));
  } catch {
    throw new UserError(`${label} is not a safetensors file: its header is not valid JSON.`);
  }
  if (typeof header !== "object" || header === null || Array.isArray(header)) {
    throw new UserError(`${label} is not a safetensors file: its header is not a JSON object.`);
  }
  return header as Record<string, unknown>;
}

function parseMetadata(value: unknown, label: string): Record<string, string> {
  const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
  if (!isObject || Object.values(value).some((text) => typeof text !== "string")) {
    throw new UserError(`${label} has a "__metadata__" that is not an object of strings.`);
  }
  return value as Record<string, string>;
}

function parseEntry(name: string, value: unknown, dataStart: number, label: string): SafetensorsEntry {
  const { dtype, shape, data_offsets: offsets } = (value ?? {}) as Record<string, unknown>;
  const tensor = `Tensor "${clip(name)}" in ${label}`;
  if (!isStoredDType(dtype)) {
    const known = Object.keys(ELEMENT_BYTES).join(", ");
    throw new UserError(`${tensor} has the element type ${showValue(dtype)}, which is not one of ${known}.`);
  }
  if (!isSizeList(shape)) {
    throw new UserError(`${tensor} has the shape ${showValue(shape)}, which is not a list of whole sizes.`);
  }
  if (!isSizeList(offsets) || offsets.length !== 2 || offsets[0] > offsets[1]) {
    throw new UserError(`${tensor} has the offsets ${showValue(offsets)}, which are not a start and an end.`);
  }
  const [start, end] = offsets;
  const expected = byteLength(dtype, shape);
  if (end - start !== expected) {
    throw new UserError(
      `${tensor} takes ${end - start} bytes, but its shape ${showValue(shape)} and type ${dtype} need ${expected}.`,
    );
  }
  return { dtype, shape, offset: dataStart + start, length: expected };
}

/** The format allows neither gaps nor overlaps, and the last tensor must end where the file ends. */
function checkPlaces(
  entries: Map<string, SafetensorsEntry>,
  dataStart: number,
  dataLength: number,
  label: string,
): void {
  const inOrder = [...entries].sort(([, a], [, b]) => a.offset - b.offset || a.length - b.length);
  let end = dataStart;
  for (const [name, { offset, length }] of inOrder) {
    if (offset > end) {
      throw new UserError(
        `Tensor "${clip(name)}" in ${label} starts ${offset - end} bytes after the tensor before it ends.`,
      );
    }
    if (offset < end) {
      throw new UserError(`Tensor "${clip(name)}" in ${label} overlaps the tensor before it by ${end - offset} bytes.`);
    }
    end = offset + length;
    if (end > dataStart + dataLength) {
      throw new UserError(
        `Tensor "${clip(name)}" in ${label} ends ${end - dataStart - dataLength} bytes after the end of the file, which is cut short.`,
      );
    }
  }
  if (end !== dataStart + dataLength) {
    throw new UserError(`${label} has ${dataStart + dataLength - end} bytes after its last tensor.`);
  }
}

/** What the writer needs of a tensor before it reads any of its bytes. */
export type TensorDescription = Pick<StoredTensor, "name" | "dtype" | "shape">;

/**
 * The order in which tensors are written: widest elements first, so that, the data starting at a multiple of 8, each tensor lies at a
 * multiple of its own element size. Tensors of the same width keep the order given.
 */
export function storageOrder<T extends TensorDescription>(tensors: Iterable<T>): T[] {
  return [...tensors].sort((a, b) => ELEMENT_BYTES[b.dtype] - ELEMENT_BYTES[a.dtype]);
}

/**
 * The length field and the header for tensors written in this order, padded with spaces so that the data starts at a multiple of 8.
 *
 * @throws UserError when a name is used twice or is reserved by the format.
 */
export function formatHeader(tensors: readonly TensorDescription[], metadata: Record<string, string>): Uint8Array {
  // Without a prototype a tensor may even be named "__proto__".
  const header: Record<string, unknown> = Object.create(null);
  header.__metadata__ = metadata;
  let end = 0;
  for (const { name, dtype, shape } of tensors) {
    if (name in header) {
      const reason = name === "__metadata__" ? "reserved by the safetensors format" : "used twice";
      throw new UserError(`The tensor name "${name}" is ${reason}; every tensor needs a name of its own.`);
    }
    const start = end;
    end += byteLength(dtype, shape);
    header[name] = { dtype, shape, data_offsets: [start, end] };
  }
  const json = new TextEncoder().encode(JSON.stringify(header));
  const padded = Math.ceil(json.byteLength / 8) * 8;
  if (padded > HEADER_LIMIT) {
    throw new UserError(
      `A safetensors header of ${padded} bytes is longer than the ${HEADER_LIMIT} allowed; use shards.`,
    );
  }
  const bytes = new Uint8Array(LENGTH_BYTES + padded).fill(0x20);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(padded), true);
  bytes.set(json, LENGTH_BYTES);
  return bytes;
}
