/** Reading safetensors files by tensor name, without loading the file. */
import { UserError } from "../errors.ts";
import { type ByteSource, bytesSource, openFile } from "./byte-source.ts";
import { LENGTH_BYTES, parseHeader, parseHeaderLength, type SafetensorsEntry } from "./safetensors-header.ts";
import { clip } from "./show-value.ts";
import { PIECE_BYTES, type StoredTensor } from "./tensor-data.ts";

/** An open safetensors file: the header is in memory, the tensors are read when asked for. */
export interface SafetensorsFile {
  readonly path: string;
  /** Where each tensor lies; offsets count from the start of the file. */
  readonly entries: ReadonlyMap<string, SafetensorsEntry>;
  readonly metadata: Readonly<Record<string, string>>;
  /** @throws UserError when there is no tensor of this name. */
  read(name: string): Promise<StoredTensor>;
  /**
   * The tensor's bytes, a piece at a time.
   *
   * @throws UserError when there is no tensor of this name.
   */
  pieces(name: string): AsyncGenerator<Uint8Array>;
  /** As {@link read}, but blocking. */
  readSync(name: string): StoredTensor;
  close(): Promise<void>;
}

/**
 * Opens a safetensors file and checks its header; no tensor is read yet.
 *
 * @throws UserError when the file is missing or its header is wrong in any way.
 */
export async function openSafetensors(path: string): Promise<SafetensorsFile> {
  const source = await openFile(path);
  try {
    const start = await source.read(0, Math.min(LENGTH_BYTES, source.size));
    const headerLength = parseHeaderLength(start, source.size, source.label);
    const header = parseHeader(await source.read(LENGTH_BYTES, headerLength), source.size, source.label);
    return {
      path,
      ...header,
      read: async (name) => {
        const entry = entryOf(source, header.entries, name);
        return tensorOf(name, entry, await source.read(entry.offset, entry.length));
      },
      readSync: (name) => {
        const entry = entryOf(source, header.entries, name);
        return tensorOf(name, entry, source.readSync(entry.offset, entry.length));
      },
      pieces: (name) => readPieces(source, entryOf(source, header.entries, name)),
      close: () => source.close(),
    };
  } catch (error) {
    await source.close();
    throw error;
  }
}

function entryOf(source: ByteSource, entries: ReadonlyMap<string, SafetensorsEntry>, name: string): SafetensorsEntry {
  const entry = entries.get(name);
  if (!entry) throw new UserError(`There is no tensor "${clip(name)}" in ${source.label}.`);
  return entry;
}

async function* readPieces(source: ByteSource, { offset, length }: SafetensorsEntry): AsyncGenerator<Uint8Array> {
  for (let done = 0; done < length; done += PIECE_BYTES) {
    yield await source.read(offset + done, Math.min(PIECE_BYTES, length - done));
  }
}

const tensorOf = (name: string, { dtype, shape }: SafetensorsEntry, bytes: Uint8Array): StoredTensor => ({
  name,
  dtype,
  shape,
  bytes,
});

/**
 * Reads a whole safetensors file that is already in memory, for example one that a page has fetched. The tensors share the memory
 * of `file`.
 *
 * @throws UserError when the bytes are not a complete safetensors file.
 */
export function parseSafetensors(file: Uint8Array): {
  tensors: Map<string, StoredTensor>;
  metadata: Record<string, string>;
} {
  const source = bytesSource(file);
  const headerLength = parseHeaderLength(file.subarray(0, LENGTH_BYTES), source.size, source.label);
  const { entries, metadata } = parseHeader(source.readSync(LENGTH_BYTES, headerLength), source.size, source.label);
  const tensors = new Map<string, StoredTensor>();
  for (const [name, { dtype, shape, offset, length }] of entries) {
    tensors.set(name, { name, dtype, shape, bytes: source.readSync(offset, length) });
  }
  return { tensors, metadata };
}
