import { createHash, type Hash } from "node:crypto";
import { mkdir, open, rename, rm, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { UserError } from "../../errors.ts";
import type { HubClient, HubFile } from "./client.ts";

/** Times that a broken connection is taken up again, as long as each brings something. */
const ATTEMPTS = 5;
const READ_BYTES = 8 * 2 ** 20;

/**
 * Fetches a file to its place in the cache: into `<blob>.incomplete` first, which a later call goes on with, and under its name when its
 * length and its hash are right.
 *
 * @param onBytes called with the number of bytes of each piece, those that were there already among them
 * @throws UserError when the Hub cannot be reached or gives something else
 */
export async function download(
  client: HubClient,
  file: HubFile,
  commit: string,
  blob: string,
  onBytes: (count: number) => void,
): Promise<void> {
  const incomplete = `${blob}.incomplete`;
  await mkdir(dirname(blob), { recursive: true });
  const hash = hashOf(file);
  let done = await takeUp(incomplete, file, hash);
  onBytes(done);
  const target = await open(incomplete, done > 0 ? "r+" : "w");
  try {
    for (let attempt = 1; done < file.size; attempt++) {
      const before = done;
      try {
        for await (const piece of client.bytes(file, commit, done)) {
          if (done + piece.byteLength > file.size)
            throw new UserError(`The Hub gave more of "${file.path}" than it has.`);
          await target.write(piece, 0, piece.byteLength, done).catch((error: NodeJS.ErrnoException) => {
            throw new UserError(`"${incomplete}" could not be written (${error.code}); what is there is kept.`);
          });
          hash.update(piece);
          done += piece.byteLength;
          onBytes(piece.byteLength);
        }
        if (done < file.size && done === before) throw new Error("it gave nothing");
      } catch (error) {
        const failure = client.failure(error);
        if (error instanceof UserError || done === before || attempt === ATTEMPTS) throw failure;
      }
    }
    await target.sync();
  } finally {
    await target.close();
  }
  if (hash.digest("hex") !== file.hash) {
    await rm(incomplete, { force: true });
    throw new UserError(`"${file.path}" was damaged on its way and is thrown away; run the same command again.`);
  }
  await rename(incomplete, blob);
}

/** How much of a file an earlier call has fetched; the hash is brought up to there. */
async function takeUp(incomplete: string, { size }: HubFile, hash: Hash): Promise<number> {
  const found = await stat(incomplete).catch(() => undefined);
  // The last piece of what was written may be missing after a crash of the machine; the hash would tell, and all be fetched again.
  if (!found || found.size > size) return 0;
  const source = await open(incomplete, "r");
  try {
    const buffer = new Uint8Array(READ_BYTES);
    for (let done = 0; done < found.size; ) {
      const { bytesRead } = await source.read(buffer, 0, buffer.length, done);
      if (bytesRead === 0) break;
      hash.update(buffer.subarray(0, bytesRead));
      done += bytesRead;
    }
  } finally {
    await source.close();
  }
  return found.size;
}

/** Large files are known by their SHA-256, small ones by the SHA-1 that git gives them, which begins with their length. */
function hashOf({ hash, size }: HubFile): Hash {
  if (hash.length === 64) return createHash("sha256");
  return createHash("sha1").update(`blob ${size}\0`);
}
