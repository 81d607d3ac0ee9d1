/** Writing safetensors files, whole or in shards, without ever leaving a half-written file under its final name. */
import { UserError } from "../errors.ts";
import { formatHeader, storageOrder } from "./safetensors-header.ts";
import { byteLength, checkedBytes, type StoredTensor, type StreamedTensor } from "./tensor-data.ts";

/** The names under which model folders hold their weights. */
export const SINGLE_FILE = "model.safetensors";
export const INDEX_FILE = "model.safetensors.index.json";

/** A tensor to write: with its bytes, or with a way to get them a piece at a time. */
export type WritableTensor = StoredTensor | StreamedTensor;

/** How a long write is watched. */
export interface WriteOptions {
  metadata?: Record<string, string>;
  /** Stops the write between two pieces; nothing is left behind. */
  signal?: AbortSignal;
  /** Called with the number of bytes of each piece that has been written. */
  onBytes?: (count: number) => void;
}

/** Python libraries refuse a file that does not say which framework's tensor layout it holds; "pt" is row-major. */
const DEFAULT_METADATA = { format: "pt" };

/**
 * A safetensors file in memory.
 *
 * @throws UserError when a name is used twice or a tensor's bytes do not fit its shape.
 */
export function serializeSafetensors(
  tensors: Iterable<StoredTensor>,
  metadata: Record<string, string> = DEFAULT_METADATA,
): Uint8Array {
  const ordered = storageOrder(tensors);
  const header = formatHeader(ordered, metadata);
  const dataLength = ordered.reduce((sum, tensor) => sum + byteLength(tensor.dtype, tensor.shape), 0);
  const file = new Uint8Array(header.byteLength + dataLength);
  file.set(header, 0);
  let end = header.byteLength;
  for (const tensor of ordered) {
    const bytes = checkedBytes(tensor);
    file.set(bytes, end);
    end += bytes.byteLength;
  }
  return file;
}

/**
 * Writes a safetensors file. Each tensor's `bytes` is read once, when its turn comes, so tensors whose `bytes` is a getter need no
 * more memory than the largest of them, and tensors that come in pieces only that of a piece. The file appears under its name only when
 * it is complete.
 *
 * @throws UserError when a name is used twice or a tensor's bytes do not fit its shape.
 */
export async function writeSafetensors(
  path: string,
  tensors: Iterable<WritableTensor>,
  metadata: Record<string, string> = DEFAULT_METADATA,
): Promise<void> {
  const { rename } = await import("node:fs/promises");
  await rename(await writeTemporary(path, tensors, { metadata }), path);
}

/**
 * Writes `model.safetensors` into a folder, or, where that would be longer than `maxShardBytes`, the shards
 * `model-00001-of-0000N.safetensors` and `model.safetensors.index.json`. A tensor is never cut: one that is longer than a shard gets a
 * shard of its own. Nothing is renamed into place before everything is written; weights of an earlier write that are no longer
 * referred to are then removed.
 *
 * @throws UserError when a name is used twice or a tensor's bytes do not fit its shape.
 */
export async function writeSharded(
  folder: string,
  tensors: Iterable<WritableTensor>,
  maxShardBytes: number,
  options: WriteOptions = {},
): Promise<void> {
  const { mkdir, readdir, rename, rm, writeFile } = await import("node:fs/promises");
  const { join } = await import("node:path");
  await mkdir(folder, { recursive: true });
  const shards = splitIntoShards(tensors, maxShardBytes);
  const names = shards.map((_, i) => (shards.length === 1 ? SINGLE_FILE : shardName(i + 1, shards.length)));
  const finished: [temporary: string, final: string][] = [];
  try {
    for (const [i, shard] of shards.entries()) {
      const path = join(folder, names[i]);
      finished.push([await writeTemporary(path, shard, options), path]);
    }
    if (shards.length > 1) {
      const path = join(folder, INDEX_FILE);
      const temporary = temporaryName(path);
      finished.push([temporary, path]);
      await writeFile(temporary, formatIndex(shards, names), { flag: "wx" });
    }
  } catch (error) {
    for (const [temporary] of finished) await rm(temporary, { force: true });
    throw error;
  }
  for (const [temporary, path] of finished) await rename(temporary, path);

  const current = new Set(finished.map(([, path]) => path));
  for (const name of await readdir(folder)) {
    const isWeights = name === SINGLE_FILE || name === INDEX_FILE || SHARD_NAME.test(name);
    if (isWeights && !current.has(join(folder, name))) await rm(join(folder, name));
  }
}

const SHARD_NAME = /^model-\d{5}-of-\d{5}\.safetensors$/;

function shardName(number: number, count: number): string {
  const digits = (value: number) => String(value).padStart(5, "0");
  return `model-${digits(number)}-of-${digits(count)}.safetensors`;
}

function splitIntoShards(tensors: Iterable<WritableTensor>, maxShardBytes: number): WritableTensor[][] {
  const shards: WritableTensor[][] = [[]];
  const names = new Set<string>();
  let filled = 0;
  for (const tensor of tensors) {
    if (names.has(tensor.name)) throw new UserError(`The tensor name "${tensor.name}" is used twice.`);
    names.add(tensor.name);
    const length = byteLength(tensor.dtype, tensor.shape);
    if (filled > 0 && filled + length > maxShardBytes) {
      shards.push([]);
      filled = 0;
    }
    shards[shards.length - 1].push(tensor);
    filled += length;
  }
  return shards;
}

function formatIndex(shards: WritableTensor[][], names: string[]): string {
  const places = shards.flatMap((shard, i) => shard.map((tensor) => [tensor.name, names[i]] as const));
  const totalSize = shards.flat().reduce((sum, tensor) => sum + byteLength(tensor.dtype, tensor.shape), 0);
  const index = { metadata: { total_size: totalSize }, weight_map: Object.fromEntries(places) };
  return `${JSON.stringify(index, null, 2)}\n`;
}

/** A name beside `path` that no other write uses, also not one of a process that was killed and had this one's number. */
function temporaryName(path: string): string {
  return `${path}.${crypto.randomUUID()}.tmp`;
}

/** Writes the file beside `path` under a temporary name, which it returns; on failure nothing is left behind. */
async function writeTemporary(
  path: string,
  tensors: Iterable<WritableTensor>,
  { metadata = DEFAULT_METADATA, signal, onBytes }: WriteOptions,
): Promise<string> {
  const { open, rm } = await import("node:fs/promises");
  const ordered = storageOrder(tensors);
  const header = formatHeader(ordered, metadata);
  const temporary = temporaryName(path);
  const handle = await open(temporary, "wx");
  try {
    // writeFile on an open handle continues at the current position and retries short writes.
    await handle.writeFile(header);
    for (const tensor of ordered) {
      for await (const piece of piecesOf(tensor)) {
        signal?.throwIfAborted();
        await handle.writeFile(piece);
        onBytes?.(piece.byteLength);
      }
    }
    await handle.sync();
    await handle.close();
    return temporary;
  } catch (error) {
    await handle.close();
    await rm(temporary, { force: true });
    const isFull = (error as { code?: string }).code === "ENOSPC";
    throw isFull ? new UserError(`There is no room left on the disk for "${path}"; nothing was kept.`) : error;
  }
}

/** A tensor's bytes, which must be as many as its shape needs: a wrong number would shift every tensor behind it. */
async function* piecesOf(tensor: WritableTensor): AsyncGenerator<Uint8Array> {
  if (!("pieces" in tensor)) {
    yield checkedBytes(tensor);
    return;
  }
  const expected = byteLength(tensor.dtype, tensor.shape);
  let given = 0;
  for await (const piece of tensor.pieces()) {
    given += piece.byteLength;
    if (given <= expected) yield piece;
  }
  if (given !== expected) {
    throw new UserError(`Tensor "${tensor.name}" needs ${expected} bytes but has ${given}.`);
  }
}
