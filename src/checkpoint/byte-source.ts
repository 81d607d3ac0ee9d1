/**
 * Random access to bytes, in a file or in memory, so that the readers of checkpoint formats are written once for both. The file
 * system is imported only when a file is opened: the readers stay importable in a browser.
 */
import type { Stats } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import { UserError } from "../errors.ts";

/** Bytes that can be read in any order. */
export interface ByteSource {
  /** What error messages call it: the path in quotes, or "the given bytes". */
  readonly label: string;
  /** Number of bytes. */
  readonly size: number;
  /** Exactly `length` bytes from `offset`. Callers check the range first. */
  read(offset: number, length: number): Promise<Uint8Array>;
  /** As {@link read}, but blocking. */
  readSync(offset: number, length: number): Uint8Array;
  close(): Promise<void>;
}

/** Bytes in memory; what is read shares that memory. */
export function bytesSource(bytes: Uint8Array): ByteSource {
  const readSync = (offset: number, length: number) => bytes.subarray(offset, offset + length);
  return {
    label: "the given bytes",
    size: bytes.byteLength,
    readSync,
    read: async (offset, length) => readSync(offset, length),
    close: async () => {},
  };
}

/** Largest single read that every platform's read call accepts. */
const READ_LIMIT = 2 ** 30;

/**
 * Opens a file for reading at any place.
 *
 * @throws UserError when there is no readable file at the path.
 */
export async function openFile(path: string): Promise<ByteSource> {
  const { open, stat } = await import("node:fs/promises");
  const { readSync: readFrom } = await import("node:fs");
  let handle: FileHandle;
  let info: Stats;
  try {
    info = await stat(path);
    // Only now: opening a pipe would wait for someone to write into it.
    if (!info.isFile()) throw new UserError(`"${path}" is not a file; give the path of a file.`);
    handle = await open(path, "r");
  } catch (error) {
    throw error instanceof UserError ? error : unreadable(path, error);
  }
  return {
    label: `"${path}"`,
    size: info.size,
    async read(offset, length) {
      const bytes = new Uint8Array(length);
      for (let done = 0; done < length; ) {
        const { bytesRead } = await handle.read(bytes, done, Math.min(length - done, READ_LIMIT), offset + done);
        if (bytesRead === 0) throw shrunk(path);
        done += bytesRead;
      }
      return bytes;
    },
    readSync(offset, length) {
      const bytes = new Uint8Array(length);
      for (let done = 0; done < length; ) {
        const count = readFrom(handle.fd, bytes, done, Math.min(length - done, READ_LIMIT), offset + done);
        if (count === 0) throw shrunk(path);
        done += count;
      }
      return bytes;
    },
    close: () => handle.close(),
  };
}

/** The sentence for a path that cannot be opened. */
export function unreadable(path: string, error: unknown): UserError {
  const code = (error as { code?: string }).code;
  if (code === "ENOENT" || code === "ENOTDIR") return new UserError(`There is no file at "${path}".`);
  if (code === "EACCES" || code === "EPERM")
    return new UserError(`The file "${path}" may not be read: check its rights.`);
  if (code === "EISDIR") return new UserError(`"${path}" is a folder; give the path of a file.`);
  return new UserError(`The file "${path}" could not be opened (${code ?? String(error)}).`);
}

function shrunk(path: string): UserError {
  return new UserError(
    `The file "${path}" became shorter while it was being read; read it again once nothing writes to it.`,
  );
}
