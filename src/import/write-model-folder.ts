/** Writing a model folder: whole or not at all. */
import { mkdir, readdir, rename, rm, rmdir, stat, statfs, writeFile } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { byteLength, type StreamedTensor, writeSharded } from "../checkpoint/index.ts";
import { UserError } from "../errors.ts";
import type { UniPicConfig } from "../models/config.ts";
import type { GenerationConfig } from "../models/generation.ts";
import type { TokenizerFiles } from "../text/special-token.ts";

/** What a model folder is made of. */
export interface ModelFolderContents {
  config: UniPicConfig;
  generation: GenerationConfig;
  tokenizer: TokenizerFiles;
  tensors: readonly StreamedTensor[];
  /** The model card, in Markdown. */
  card: string;
}

/** How much of a write is done, in bytes. */
export interface WriteProgress {
  done: number;
  total: number;
}

export interface WriteFolderOptions {
  /** Stops the work; nothing is left behind. */
  signal?: AbortSignal;
  onProgress?: (progress: WriteProgress) => void;
  /** The longest file of weights, in bytes. Default 2 GB. */
  maxShardBytes?: number;
}

const SHARD_BYTES = 2e9;
/** Room for everything but the tensors, in bytes. */
const SMALL_FILES = 64 * 2 ** 20;

/**
 * Writes a model folder that `UniPic.load` opens. It is made under another name beside its place and renamed when it is complete.
 *
 * @throws UserError when there is something at its place already, or no room
 */
export async function writeModelFolder(
  folder: string,
  { config, generation, tokenizer, tensors, card }: ModelFolderContents,
  { signal, onProgress, maxShardBytes = SHARD_BYTES }: WriteFolderOptions = {},
): Promise<void> {
  await checkPlace(folder);
  const total = tensors.reduce((sum, { dtype, shape }) => sum + byteLength(dtype, shape), 0);
  const place = resolve(folder);
  await requireRoom(dirname(place), total + SMALL_FILES, `"${folder}"`);
  const temporary = join(dirname(place), `.${basename(place)}.${process.pid}.tmp`);
  let done = 0;
  const onBytes = (count: number) => {
    done += count;
    onProgress?.({ done, total });
  };
  try {
    await mkdir(temporary);
    await writeSharded(temporary, tensors, maxShardBytes, { signal, onBytes });
    const write = (name: string, contents: string) => writeFile(join(temporary, name), contents);
    await write("config.json", indented(config));
    await write("generation_config.json", indented(generation));
    await write("tokenizer.json", JSON.stringify(tokenizer.tokenizer));
    await write("tokenizer_config.json", indented(tokenizer.config));
    await write("README.md", card);
    signal?.throwIfAborted();
    // An empty folder may be at the place; not every system renames over one.
    await rmdir(place).catch(() => undefined);
    await rename(temporary, place);
  } catch (error) {
    await rm(temporary, { recursive: true, force: true });
    throw error;
  }
}

/**
 * Checks that a model folder can be made at a place.
 *
 * @throws UserError when there is something already, or no folder to make it in
 */
export async function checkPlace(folder: string): Promise<void> {
  const place = resolve(folder);
  const parent = dirname(place);
  const around = await stat(parent).catch(() => undefined);
  if (!around?.isDirectory())
    throw new UserError(`Cannot write "${folder}": there is no folder "${parent}"; make it first.`);
  const there = await stat(place).catch(() => undefined);
  if (!there) return;
  if (!there.isDirectory())
    throw new UserError(`Cannot write "${folder}": it is a file; give the name of a new folder.`);
  if ((await readdir(place)).length > 0) {
    throw new UserError(`There is something in "${folder}" already; remove it, or give the name of a new folder.`);
  }
}

/**
 * Checks that a disk has room.
 *
 * @param place a folder on it
 * @param what takes that many bytes
 * @throws UserError when it has not
 */
export async function requireRoom(place: string, bytes: number, what: string): Promise<void> {
  const { bavail, bsize } = await statfs(place);
  const room = bavail * bsize;
  if (room >= bytes) return;
  const gigabytes = (count: number) => (count / 1e9).toFixed(1);
  throw new UserError(`${what} takes ${gigabytes(bytes)} GB, but the disk has room for ${gigabytes(room)} GB.`);
}

const indented = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;
