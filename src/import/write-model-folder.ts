/** Writing a model folder: whole or not at all. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { byteLength, type StreamedTensor, writeSharded } from "../checkpoint/index.ts";
import { writeFolder } from "../checkpoint/staged-folder.ts";
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
  const total = tensors.reduce((sum, { dtype, shape }) => sum + byteLength(dtype, shape), 0);
  let done = 0;
  const onBytes = (count: number) => {
    done += count;
    onProgress?.({ done, total });
  };
  await writeFolder(folder, total + SMALL_FILES, async (temporary) => {
    await writeSharded(temporary, tensors, maxShardBytes, { signal, onBytes });
    const write = (name: string, contents: string) => writeFile(join(temporary, name), contents);
    await write("config.json", indented(config));
    await write("generation_config.json", indented(generation));
    await write("tokenizer.json", JSON.stringify(tokenizer.tokenizer));
    await write("tokenizer_config.json", indented(tokenizer.config));
    await write("README.md", card);
    signal?.throwIfAborted();
  });
}

const indented = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;
