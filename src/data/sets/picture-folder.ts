import { createHash } from "node:crypto";
import { open, opendir, stat } from "node:fs/promises";
import { extname, join, relative, sep } from "node:path";
import { UserError } from "../../errors.ts";
import type { Random } from "../../random.ts";
import { MOST_FILES, MOST_PICTURE_BYTES, MOST_TEXT_BYTES } from "./limits.ts";
import { METADATA_FILES, readMetadata } from "./metadata.ts";
import { type BadRecord, type DataRecord, isPictureField, isTextField, type SampleSet, type Shard } from "./record.ts";

/** One sample of a folder, before its files are read. */
export interface FolderEntry {
  key: string;
  /** Files by field, as paths in the folder. */
  files: { field: string; path: string }[];
  /** Its texts, where they come from a metadata file. */
  json?: string;
  /** Why it can be no sample. */
  problem?: string;
}

/** Samples that are read one after the other: few, so that shuffling parts mixes the folder well. */
const PART = 64;

/**
 * A folder of pictures, and of folders below it. A caption is in a text file of the picture's name (`cat.jpg` and `cat.txt`) or, as
 * `caption`, in a JSON file (`cat.json`, which can hold `question` and `answer` too); an edit is `cat.source.jpg`, `cat.target.jpg` and
 * a `cat.json` with `instruction`. Where there is a `metadata.jsonl` or `metadata.csv`, its rows are the samples instead.
 *
 * @param order puts the samples in another order than that of their names
 * @throws UserError when there are no pictures, or more files than can be listed
 */
export async function pictureFolder(path: string, order?: Random): Promise<SampleSet> {
  const listed = (await metadataEntries(path)) ?? (await listEntries(path));
  const entries = order?.shuffle(listed) ?? listed;
  if (entries.length === 0) {
    throw new UserError(`There are no pictures with captions in "${path}", and no tar shards either.`);
  }
  const shards: Shard[] = [];
  for (let start = 0; start < entries.length; start += PART) {
    shards.push(folderPart(path, `part ${shards.length + 1}`, entries.slice(start, start + PART)));
  }
  return { path, form: "pictures", shards, count: entries.length };
}

async function metadataEntries(folder: string): Promise<FolderEntry[] | undefined> {
  for (const name of METADATA_FILES) {
    const path = join(folder, name);
    if (await stat(path).catch(() => undefined)) return readMetadata(path);
  }
  return undefined;
}

async function listEntries(folder: string): Promise<FolderEntry[]> {
  const entries = new Map<string, FolderEntry>();
  let count = 0;
  for await (const path of filesBelow(folder)) {
    if (++count > MOST_FILES) {
      throw new UserError(`"${folder}" has more than ${MOST_FILES} files: build shards from parts of it instead.`);
    }
    const { key, field } = splitPath(path);
    if (!isPictureField(field) && !isTextField(field)) continue;
    const entry = entries.get(key) ?? { key, files: [] };
    entry.files.push({ field, path });
    entries.set(key, entry);
  }
  const found = [...entries.values()];
  if (!found.some(({ files }) => files.some(({ field }) => isPictureField(field)))) return [];
  for (const { files } of found) files.sort((a, b) => (a.field < b.field ? -1 : 1));
  return found.sort((a, b) => (a.key < b.key ? -1 : 1));
}

async function* filesBelow(folder: string, place = folder): AsyncGenerator<string> {
  for await (const entry of await opendir(place)) {
    if (entry.name.startsWith(".")) continue;
    const path = join(place, entry.name);
    if (entry.isDirectory()) yield* filesBelow(folder, path);
    else yield relative(folder, path);
  }
}

/** Splits at the last dot, for people's own names have dots; an edit's pictures have one more part. */
function splitPath(path: string): { key: string; field: string } {
  const ending = extname(path);
  const stem = path.slice(0, path.length - ending.length);
  const role = /\.(source|target)$/.exec(stem)?.[1];
  const key = (role ? stem.slice(0, -role.length - 1) : stem).split(sep).join("/");
  const field = ending.slice(1).toLowerCase();
  return { key, field: role ? `${role}.${field}` : field };
}

/** A shard of a folder: positions count samples. */
function folderPart(folder: string, name: string, entries: readonly FolderEntry[]): Shard {
  return {
    name,
    async fingerprint() {
      const hash = createHash("sha256");
      for (const { key, files, json } of entries) {
        hash.update(JSON.stringify([key, json]));
        for (const { path } of files) {
          const found = await stat(join(folder, path)).catch(() => undefined);
          hash.update(JSON.stringify([path, found?.size, found?.mtimeMs]));
        }
      }
      return hash.digest("hex");
    },
    async *records(from, { textsOnly = false } = {}) {
      for (let index = from; index < entries.length; index++) {
        yield await readEntry(folder, entries[index], index + 1, textsOnly);
      }
    },
  };
}

async function readEntry(
  folder: string,
  { key, files, json, problem }: FolderEntry,
  end: number,
  textsOnly: boolean,
): Promise<DataRecord | BadRecord> {
  const fields = new Map<string, Uint8Array>();
  if (problem !== undefined) return { key, reason: problem, end };
  if (json !== undefined) fields.set("json", new TextEncoder().encode(json));
  for (const { field, path } of files) {
    const isText = isTextField(field);
    if (fields.has(field)) return { key, reason: `it has two files "${field}"`, end };
    const read = await readFileBounded(join(folder, path), isText ? MOST_TEXT_BYTES : MOST_PICTURE_BYTES, {
      skip: textsOnly && !isText,
    });
    if (typeof read === "string") return { key, reason: `its file "${path}" ${read}`, end };
    fields.set(field, read);
  }
  return { key, fields, end };
}

/** A file's bytes, or what is wrong with it. */
async function readFileBounded(path: string, most: number, { skip }: { skip: boolean }): Promise<Uint8Array | string> {
  try {
    const file = await open(path);
    try {
      const found = await file.stat();
      if (!found.isFile()) return "is no file";
      if (found.size > most) return `takes ${found.size} bytes; ${most} is the most`;
      return skip ? new Uint8Array() : await file.readFile();
    } finally {
      await file.close();
    }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code === "ENOENT" ? "is not there" : `cannot be read (${code})`;
  }
}
