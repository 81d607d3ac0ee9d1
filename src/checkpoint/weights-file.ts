/** A file of weights in any of the forms that checkpoints come in, as one thing: names, types, shapes, and bytes a piece at a time. */
import { UserError } from "../errors.ts";
import { readJson } from "./json.ts";
import { INDEX_LIMIT, openCheckpoint, parseWeightMap } from "./sharded.ts";
import { clip } from "./show-value.ts";
import type { StreamedTensor } from "./tensor-data.ts";
import { readTorchFile, type TorchFile } from "./torch.ts";

/** An open file of weights; tensors stay in it until their pieces are asked for. */
export interface WeightsFile {
  readonly path: string;
  readonly tensors: ReadonlyMap<string, StreamedTensor>;
  close(): Promise<void>;
}

/** How files that torch writes are called. */
export const TORCH_ENDINGS: readonly string[] = [".bin", ".ckpt", ".pt", ".pth"];

const TORCH_INDEX = ".bin.index.json";

/**
 * Opens weights.
 *
 * @param path a safetensors file, a torch file (`.bin`, `.ckpt`, `.pt`, `.pth`), the index of shards of either
 *   (`.safetensors.index.json`, `.bin.index.json`), or a folder with `model.safetensors` or its shards
 * @throws UserError when a file is missing, damaged, or holds anything but tensors and plain values.
 */
export async function openWeights(path: string): Promise<WeightsFile> {
  if (path.endsWith(TORCH_INDEX)) return openTorchShards(path);
  if (TORCH_ENDINGS.some((ending) => path.toLowerCase().endsWith(ending))) {
    const file = await readTorchFile(path);
    return opened(path, [file], () => streamed(file.tensors()));
  }
  const reader = await openCheckpoint(path);
  const tensors = reader.names().map((name) => {
    const { dtype, shape } = reader.info(name);
    return [name, { name, dtype, shape, pieces: () => reader.pieces(name) }] as const;
  });
  return opened(path, [reader], () => new Map(tensors));
}

async function openTorchShards(path: string): Promise<WeightsFile> {
  const { dirname, join } = await import("node:path");
  const places = parseWeightMap(await readJson(path, INDEX_LIMIT), path, ".bin");
  const shards = new Map<string, TorchFile>();
  const all = () => [...shards.values()];
  try {
    for (const shard of new Set(places.values())) shards.set(shard, await readTorchFile(join(dirname(path), shard)));
  } catch (error) {
    await closeAll(all());
    throw error;
  }
  return opened(path, all(), () => {
    const contents = new Map([...shards].map(([shard, file]) => [shard, streamed(file.tensors())]));
    const found = [...places].map(([name, shard]) => {
      const tensor = contents.get(shard)!.get(name);
      if (tensor) return [name, tensor] as const;
      throw new UserError(`"${path}" says that tensor "${clip(name)}" is in "${clip(shard)}", but it is not there.`);
    });
    return new Map(found);
  });
}

/** Without the bytes, which a copy of the tensor would read. */
function streamed(tensors: ReadonlyMap<string, StreamedTensor>): Map<string, StreamedTensor> {
  return new Map(
    [...tensors].map(([name, { dtype, shape, pieces }]) => [name, { name, dtype, shape, pieces }] as const),
  );
}

type Closable = { close(): Promise<void> };

async function opened(
  path: string,
  files: readonly Closable[],
  list: () => ReadonlyMap<string, StreamedTensor>,
): Promise<WeightsFile> {
  try {
    return { path, tensors: list(), close: () => closeAll(files) };
  } catch (error) {
    await closeAll(files);
    throw error;
  }
}

async function closeAll(files: readonly Closable[]): Promise<void> {
  for (const file of files) await file.close();
}
