import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { basename, extname, isAbsolute, normalize, sep } from "node:path";
import { createInterface } from "node:readline";
import { parse } from "csv-parse";
import { UserError } from "../../errors.ts";
import { MOST_TEXT_BYTES } from "./limits.ts";
import type { FolderEntry } from "./picture-folder.ts";

/** The first of these that is there is read. */
export const METADATA_FILES: readonly string[] = ["metadata.jsonl", "metadata.csv"];

/** The longest metadata file, in bytes: all of it is held in memory. */
const MOST_METADATA_BYTES = 512 * 2 ** 20;

type Row = Record<string, unknown>;

/** A row and where it stands, or what is wrong with it. */
type Found = { place: string } & ({ row: Row } | { problem: string });

/**
 * Reads a metadata file as Hugging Face's image folders have it: a row a sample, `file_name` naming the picture relative to the folder,
 * `caption` (or `text`), `question` and `answer`; for edits `source` and `target` name pictures, beside an `instruction`. A row that
 * cannot be read is an entry with a problem.
 *
 * @throws UserError when the file is too long, or is a CSV file without these columns or with a quotation that never ends
 */
export async function readMetadata(path: string): Promise<FolderEntry[]> {
  const { size } = await stat(path);
  if (size > MOST_METADATA_BYTES) {
    throw new UserError(
      `"${path}" takes ${size} bytes, more than ${MOST_METADATA_BYTES}: build shards from parts of it.`,
    );
  }
  const entries: FolderEntry[] = [];
  for await (const found of extname(path) === ".csv" ? csvRows(path) : jsonRows(path)) {
    const key = `${basename(path)} ${found.place}`;
    entries.push("row" in found ? entryOf(found.row, key) : { key, files: [], problem: found.problem });
  }
  return entries;
}

async function* jsonRows(path: string): AsyncGenerator<Found> {
  const lines = createInterface({ input: createReadStream(path), crlfDelay: Number.POSITIVE_INFINITY });
  let number = 0;
  for await (const line of lines) {
    const place = `line ${++number}`;
    if (line.trim() === "") continue;
    if (line.length > MOST_TEXT_BYTES) yield { place, problem: "the row is too long" };
    else yield { place, ...parseRow(line) };
  }
}

function parseRow(line: string): { row: Row } | { problem: string } {
  try {
    const row: unknown = JSON.parse(line);
    const isObject = typeof row === "object" && row !== null && !Array.isArray(row);
    return isObject ? { row: row as Row } : { problem: "the row is no JSON object" };
  } catch {
    return { problem: "the row is not valid JSON" };
  }
}

async function* csvRows(path: string): AsyncGenerator<Found> {
  const bad: Found[] = [];
  let columns: string[] = [];
  let unclosed: number | undefined;
  const rows = createReadStream(path).pipe(
    parse({
      bom: true,
      columns: (header: string[]) => {
        columns = header;
        return header;
      },
      info: true,
      relax_quotes: true,
      skip_empty_lines: true,
      max_record_size: MOST_TEXT_BYTES,
      skip_records_with_error: true,
      on_skip: (error) => {
        if (error?.code === "CSV_QUOTE_NOT_CLOSED") unclosed = Number(error.lines);
        bad.push({ place: `line ${error?.lines}`, problem: "the row has not as many cells as there are columns" });
        return undefined;
      },
    }),
  );
  try {
    for await (const { record, info } of rows) yield { place: `line ${info.lines}`, row: record as Row };
  } catch (error) {
    throw new UserError(`"${path}" cannot be read as CSV (${(error as Error).message}).`);
  }
  if (unclosed !== undefined) {
    throw new UserError(
      `"${path}" cannot be read as CSV: a quotation mark is never closed, so that the file ends inside of it.`,
    );
  }
  if (!columns.includes("file_name") && !columns.includes("source")) {
    throw new UserError(`"${path}" has no column "file_name" (nor "source" and "target"), so it names no pictures.`);
  }
  yield* bad;
}

/** @param place what the entry is called where it names no picture */
function entryOf(row: Row, place: string): FolderEntry {
  const files: FolderEntry["files"] = [];
  const saysMore = Boolean(row.question || row.instruction);
  const texts = Object.fromEntries(
    (["caption", "question", "answer", "instruction"] as const)
      .map((name) => [name, name === "caption" ? (row.caption ?? row.text) : row[name]] as const)
      // A CSV file has every column in every row; an empty caption counts where nothing else is said.
      .filter(([name, value]) => value !== undefined && (value !== "" || (name === "caption" && !saysMore))),
  );
  const named = { image: row.file_name ?? row.image, source: row.source, target: row.target };
  const key = [named.image, named.source].find((name) => typeof name === "string" && name !== "");
  const entry: FolderEntry = { key: (key as string) ?? place, files, json: JSON.stringify(texts) };
  for (const [role, path] of Object.entries(named)) {
    if (path === undefined || path === null || path === "") continue;
    if (typeof path !== "string") return { ...entry, problem: `its ${role} is not the name of a file` };
    if (isOutside(path)) return { ...entry, problem: `its file "${path}" lies outside of the folder` };
    const ending = extname(path).slice(1).toLowerCase();
    files.push({ field: role === "image" ? ending : `${role}.${ending}`, path });
  }
  return files.length > 0 ? entry : { ...entry, problem: "it names no picture" };
}

function isOutside(path: string): boolean {
  const plain = normalize(path);
  return isAbsolute(plain) || plain === ".." || plain.startsWith(`..${sep}`);
}
