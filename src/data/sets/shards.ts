import type { Dirent } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { basename, join, relative } from "node:path";
import { UserError } from "../../errors.ts";
import type { Random } from "../../random.ts";
import { pictureFolder } from "./picture-folder.ts";
import type { SampleSet } from "./record.ts";
import { tarShard } from "./tar-shard.ts";

/**
 * Finds a data set: a folder with tar shards in it (or below it), a single shard, or a folder of pictures with captions.
 *
 * @param order puts a folder's samples in another order than that of their names
 * @throws UserError when there is none at the path
 */
export async function openSampleSet(path: string, order?: Random): Promise<SampleSet> {
  const found = await stat(path).catch(() => undefined);
  if (!found) throw new UserError(`There is no data set at "${path}": name a folder of pictures or of tar shards.`);
  if (found.isFile()) {
    if (!path.endsWith(".tar")) throw new UserError(`"${path}" is no tar shard; name one, or a folder of them.`);
    return { path, form: "shards", shards: [tarShard(path, basename(path))] };
  }
  const shards = await listShards(path);
  if (shards.length > 0)
    return { path, form: "shards", shards: shards.map((file) => tarShard(file, relative(path, file))) };
  return pictureFolder(path, order);
}

/** The tar files in a folder and below it, sorted; names that begin with a dot are left aside. */
export async function listShards(folder: string): Promise<string[]> {
  const files: string[] = [];
  const visit = async (place: string): Promise<void> => {
    for (const entry of sorted(await readdir(place, { withFileTypes: true }))) {
      if (entry.name.startsWith(".")) continue;
      const path = join(place, entry.name);
      if (entry.isDirectory()) await visit(path);
      else if (entry.name.endsWith(".tar")) files.push(path);
    }
  };
  await visit(folder);
  return files;
}

/** By code units: the same on every machine. */
export const sorted = (entries: Dirent[]): Dirent[] => entries.sort((a, b) => (a.name < b.name ? -1 : 1));
