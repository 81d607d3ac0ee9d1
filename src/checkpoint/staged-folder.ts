/** Making folders that are there whole or not at all. */
import { UserError } from "../errors.ts";

/**
 * Makes a folder under another name beside its place, and renames it when it is complete; when that fails nothing is left.
 *
 * @param bytes room that it needs on its disk
 * @param fill writes everything into the folder that it is given
 * @throws UserError when there is something at its place already, or no room
 */
export async function writeFolder<T>(folder: string, bytes: number, fill: (folder: string) => Promise<T>): Promise<T> {
  const { mkdir, rename, rm, rmdir } = await import("node:fs/promises");
  const { basename, dirname, join, resolve } = await import("node:path");
  await checkPlace(folder);
  const place = resolve(folder);
  await requireRoom(dirname(place), bytes, `"${folder}"`);
  const temporary = join(dirname(place), `.${basename(place)}.${process.pid}.tmp`);
  try {
    await mkdir(temporary);
    const result = await fill(temporary);
    // An empty folder may be at the place; not every system renames over one.
    await rmdir(place).catch(() => undefined);
    await rename(temporary, place);
    return result;
  } catch (error) {
    await rm(temporary, { recursive: true, force: true });
    throw error;
  }
}

/**
 * Checks that a folder can be made at a place.
 *
 * @throws UserError when there is something already, or no folder to make it in
 */
export async function checkPlace(folder: string): Promise<void> {
  const { readdir, stat } = await import("node:fs/promises");
  const { dirname, resolve } = await import("node:path");
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
  const { statfs } = await import("node:fs/promises");
  const { bavail, bsize } = await statfs(place);
  const room = bavail * bsize;
  if (room >= bytes) return;
  const gigabytes = (count: number) => (count / 1e9).toFixed(1);
  throw new UserError(`${what} takes ${gigabytes(bytes)} GB, but the disk has room for ${gigabytes(room)} GB.`);
}
