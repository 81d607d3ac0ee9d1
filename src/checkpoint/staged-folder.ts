import { UserError } from "../errors.ts";

/**
 * Makes a folder that is there whole or not at all: it is filled under another name beside its own, and removed when that fails.
 *
 * @param fill writes everything into the folder that it is given
 * @throws UserError when there is something at the path already, or its parent is not there
 */
export async function writeFolder<T>(path: string, fill: (folder: string) => Promise<T>): Promise<T> {
  const { mkdir, rename, rm, rmdir } = await import("node:fs/promises");
  const { resolve } = await import("node:path");
  await checkFolderFree(path);
  const staging = `${resolve(path)}.${process.pid}.partial`;
  await mkdir(staging);
  try {
    const result = await fill(staging);
    // Not everywhere does a folder take the place of an empty one.
    await rmdir(path).catch(() => undefined);
    await rename(staging, path);
    return result;
  } catch (error) {
    await rm(staging, { recursive: true, force: true });
    throw error;
  }
}

/** @throws UserError when {@link writeFolder} could not make a folder at the path */
export async function checkFolderFree(path: string): Promise<void> {
  const { access, constants, readdir, stat } = await import("node:fs/promises");
  const { dirname, resolve } = await import("node:path");
  const parent = dirname(resolve(path));
  const found = await stat(parent).catch(() => undefined);
  if (!found?.isDirectory()) {
    throw new UserError(`Cannot write "${path}": there is no folder "${parent}"; make it first.`);
  }
  await access(parent, constants.W_OK).catch(() => {
    throw new UserError(`Cannot write "${path}": the folder "${parent}" may not be written to.`);
  });
  const place = await stat(path).catch(() => undefined);
  if (!place) return;
  if (!place.isDirectory() || (await readdir(path)).length > 0) {
    throw new UserError(`Cannot write "${path}": it is there already; name another folder.`);
  }
}
