/** A checkpoint as one thing, whether it is one safetensors file or a folder of shards. */
import { UserError } from "../errors.ts";
import { readJson } from "./json.ts";
import { openSafetensors, type SafetensorsFile } from "./safetensors-reader.ts";
import { INDEX_FILE, SINGLE_FILE } from "./safetensors-writer.ts";
import { clip, showValue } from "./show-value.ts";
import type { StoredDType, StoredTensor } from "./tensor-data.ts";

/** Where a tensor of a checkpoint lies: `length` bytes from byte `offset` of `file`. */
export interface TensorInfo {
  dtype: StoredDType;
  shape: number[];
  /** Path of the safetensors file. */
  file: string;
  offset: number;
  length: number;
}

/** An open checkpoint: all headers are in memory, tensors are read when asked for. */
export interface CheckpointReader {
  names(): string[];
  has(name: string): boolean;
  /** @throws UserError when there is no tensor of this name. */
  info(name: string): TensorInfo;
  /** @throws UserError when there is no tensor of this name. */
  read(name: string): Promise<StoredTensor>;
  /**
   * The tensor's bytes, a piece at a time.
   *
   * @throws UserError when there is no tensor of this name.
   */
  pieces(name: string): AsyncGenerator<Uint8Array>;
  /** As {@link read}, but blocking, for tensors that a writer asks for one by one. */
  readSync(name: string): StoredTensor;
  close(): Promise<void>;
}

const SHARD_LIMIT = 4096;
/** The longest index that is read, in bytes. */
export const INDEX_LIMIT = 16 * 2 ** 20;

/**
 * Opens a checkpoint.
 *
 * @param path a `.safetensors` file, a `.safetensors.index.json` file, or a folder with `model.safetensors` or
 *   `model.safetensors.index.json` in it; the single file wins where both are there
 * @throws UserError when there is no such checkpoint, or when a file of it is missing or damaged.
 */
export async function openCheckpoint(path: string): Promise<CheckpointReader> {
  const { stat } = await import("node:fs/promises");
  const { join } = await import("node:path");
  const exists = (name: string) =>
    stat(name).then(
      (info) => info,
      () => undefined,
    );
  const found = await exists(path);
  if (!found) throw new UserError(`There is no checkpoint at "${path}".`);
  if (!found.isDirectory()) return path.endsWith(".index.json") ? openShards(path) : openSingle(path);
  if (await exists(join(path, SINGLE_FILE))) return openSingle(join(path, SINGLE_FILE));
  if (await exists(join(path, INDEX_FILE))) return openShards(join(path, INDEX_FILE));
  throw new UserError(`The folder "${path}" has no weights: neither ${SINGLE_FILE} nor ${INDEX_FILE} is there.`);
}

async function openSingle(path: string): Promise<CheckpointReader> {
  const file = await openSafetensors(path);
  return reader(path, new Map([...file.entries.keys()].map((name) => [name, file])), [file]);
}

async function openShards(indexPath: string): Promise<CheckpointReader> {
  const { dirname, join } = await import("node:path");
  const weightMap = parseWeightMap(await readJson(indexPath, INDEX_LIMIT), indexPath, ".safetensors");
  const shards = new Map<string, SafetensorsFile>();
  try {
    for (const shard of new Set(weightMap.values())) {
      shards.set(shard, await openSafetensors(join(dirname(indexPath), shard)));
    }
    const places = new Map<string, SafetensorsFile>();
    for (const [name, shard] of weightMap) {
      const file = shards.get(shard)!;
      if (!file.entries.has(name)) {
        throw new UserError(
          `"${indexPath}" says that tensor "${clip(name)}" is in "${clip(shard)}", but it is not there.`,
        );
      }
      places.set(name, file);
    }
    return reader(indexPath, places, [...shards.values()]);
  } catch (error) {
    for (const file of shards.values()) await file.close();
    throw error;
  }
}

/**
 * Reads the `weight_map` of an index of shards: which file each tensor is in.
 *
 * @param ending what the files' names must end in
 * @throws UserError when there is none, or when it names anything but plain files beside it.
 */
export function parseWeightMap(index: Record<string, unknown>, path: string, ending: string): Map<string, string> {
  const { weight_map: weightMap } = index;
  if (typeof weightMap !== "object" || weightMap === null || Array.isArray(weightMap)) {
    throw new UserError(`"${path}" has no "weight_map" object that says which file each tensor is in.`);
  }
  const places = new Map(Object.entries(weightMap));
  for (const [name, shard] of places) {
    // Shards are looked for in the index's own folder only, so a name may not lead out of it.
    if (typeof shard !== "string" || !/^[^/\\:\0]+$/.test(shard) || !shard.endsWith(ending)) {
      throw new UserError(
        `"${path}" puts tensor "${clip(name)}" in ${showValue(shard)}, which is not the plain name of a ${ending} file.`,
      );
    }
  }
  const count = new Set(places.values()).size;
  if (count > SHARD_LIMIT) throw new UserError(`"${path}" names ${count} files, more than the ${SHARD_LIMIT} allowed.`);
  return places;
}

function reader(label: string, places: Map<string, SafetensorsFile>, files: SafetensorsFile[]): CheckpointReader {
  const place = (name: string): SafetensorsFile => {
    const file = places.get(name);
    if (!file) throw new UserError(`There is no tensor "${name}" in "${label}".`);
    return file;
  };
  return {
    names: () => [...places.keys()],
    has: (name) => places.has(name),
    info: (name) => {
      const file = place(name);
      return { ...file.entries.get(name)!, file: file.path };
    },
    read: async (name) => place(name).read(name),
    pieces: (name) => place(name).pieces(name),
    readSync: (name) => place(name).readSync(name),
    close: async () => {
      for (const file of files) await file.close();
    },
  };
}
