/** Where results go, found out and checked before any work is done. */
import { access, constants, stat } from "node:fs/promises";
import { dirname, extname } from "node:path";
import { UserError } from "../errors.ts";

/** The formats that pictures are written in. */
export const PICTURE_ENDINGS: readonly string[] = [".png", ".jpg", ".jpeg", ".webp"];

/**
 * The files for a number of pictures: the name itself for one; for more, with `-1`, `-2`, ... before the ending, padded with zeros to the
 * same length so that they sort.
 */
export function numberedFiles(path: string, count: number): string[] {
  if (count === 1) return [path];
  const ending = extname(path);
  const start = path.slice(0, path.length - ending.length);
  const digits = String(count).length;
  return Array.from({ length: count }, (_, i) => `${start}-${String(i + 1).padStart(digits, "0")}${ending}`);
}

/**
 * Checks that a file can be written at a path.
 *
 * @throws UserError when the name has none of the endings, its folder is missing or closed to us, or it is a folder itself
 */
export async function checkWritable(path: string, endings: readonly string[] = PICTURE_ENDINGS): Promise<void> {
  if (!endings.includes(extname(path).toLowerCase())) {
    const allowed = endings.length === 1 ? endings[0] : `${endings.slice(0, -1).join(", ")} or ${endings.at(-1)}`;
    throw new UserError(`Cannot tell the format of "${path}": end its name in ${allowed}.`);
  }
  const folder = dirname(path);
  const found = await stat(folder).catch(() => undefined);
  if (!found) throw new UserError(`Cannot write "${path}": there is no folder "${folder}"; make it first.`);
  if (!found.isDirectory()) throw new UserError(`Cannot write "${path}": "${folder}" is not a folder.`);
  const target = await stat(path).catch(() => undefined);
  if (target?.isDirectory()) throw new UserError(`Cannot write "${path}": it is a folder; give a file name.`);
  await access(folder, constants.W_OK).catch(() => {
    throw new UserError(`Cannot write "${path}": the folder "${folder}" may not be written to.`);
  });
}
