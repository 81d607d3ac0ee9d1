import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { UserError } from "../src/errors.ts";

/** Lends out a temporary folder that is gone afterwards. */
export async function withFolder<T>(use: (folder: string) => Promise<T>, where = tmpdir()): Promise<T> {
  const folder = await mkdtemp(join(where, "unipic-bench-"));
  try {
    return await use(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Lends out a temporary folder that is gone afterwards, also when the script is stopped: then the signal fires, and all should end. */
export async function withScratch(use: (folder: string, signal: AbortSignal) => Promise<void>): Promise<void> {
  const stop = new AbortController();
  const onStop = () => stop.abort(new UserError("Stopped; nothing is left behind."));
  for (const name of ["SIGINT", "SIGTERM"] as const) process.on(name, onStop);
  try {
    await withFolder((folder) => use(folder, stop.signal));
  } catch (error) {
    // A script that was started to help ends by the same signal, and its end is nothing to tell of.
    stop.signal.throwIfAborted();
    throw error;
  } finally {
    for (const name of ["SIGINT", "SIGTERM"] as const) process.off(name, onStop);
  }
}
