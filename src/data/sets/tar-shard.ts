import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { extract, type Header } from "tar-stream";
import { MOST_FIELDS, MOST_NAME_BYTES, MOST_PICTURE_BYTES, MOST_SAMPLE_BYTES, MOST_TEXT_BYTES } from "./limits.ts";
import { type BadRecord, type DataRecord, isLatentField, isPictureField, isTextField, type Shard } from "./record.ts";

/** Bytes read at once. */
const CHUNK = 2 ** 20;
const BLOCK = 512;
/** A tar ends with two blocks of zeros. */
const CLOSING = 2 * BLOCK;

/** A WebDataset shard: a tar in which a sample's files stand one after the other, with names that are the same up to the first dot. */
export function tarShard(path: string, name: string): Shard {
  return {
    name,
    async fingerprint() {
      const { size, mtimeMs } = await stat(path);
      return `${size} ${mtimeMs}`;
    },
    records: (from, { textsOnly = false } = {}) => tarRecords(path, from, textsOnly),
  };
}

async function* tarRecords(path: string, from: number, textsOnly: boolean): AsyncGenerator<DataRecord | BadRecord> {
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => error);
  if (found instanceof Error) {
    if (from === 0) yield { key: "", reason: `the shard cannot be read (${found.code})`, end: 1 };
    return;
  }
  const { size } = found;
  if (from >= size && from > 0) return;
  let gathering: Gathering | undefined;
  let isInside = false;
  let end = from;
  try {
    for await (const entry of entriesOf(path, from)) {
      const { header } = entry;
      const member = header.type === "file" ? splitName(header.name) : undefined;
      if (member && gathering && gathering.key !== member.key) {
        yield gathering.finished(end);
        gathering = undefined;
      }
      if (member) {
        gathering ??= new Gathering(member.key);
        isInside = true;
        await gathering.add(member.field, entry, textsOnly);
        isInside = false;
      } else await skip(entry);
      end = from + header.byteOffset + Math.ceil(header.size / BLOCK) * BLOCK;
    }
  } catch (error) {
    // What was read whole before the damage is as good as ever.
    if (gathering && !isInside) yield gathering.finished(end);
    yield { key: isInside ? gathering!.key : "", reason: shardProblem(error as Error), end: Math.max(size, 1) };
    return;
  }
  if (gathering) yield gathering.finished(end);
  if (size - end >= CLOSING) return;
  yield { key: "", reason: "the shard is cut short: its closing blocks are missing", end: Math.max(size, 1) };
}

interface TarEntry extends AsyncIterable<Uint8Array> {
  /** `byteOffset`: where its contents begin, counted from where reading began. */
  header: Header & { byteOffset: number };
}

/** The entries of a tar; each has to be read or skipped before the next comes. */
async function* entriesOf(path: string, from: number): AsyncGenerator<TarEntry> {
  const file = createReadStream(path, { start: from, highWaterMark: CHUNK });
  const entries = extract();
  file.on("error", (error) => entries.destroy(error));
  file.pipe(entries);
  try {
    for await (const entry of entries) yield entry as unknown as TarEntry;
  } finally {
    file.destroy();
    entries.destroy();
  }
}

async function skip(entry: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const _ of entry);
}

/** A sample whose files are being read. */
class Gathering {
  readonly #fields = new Map<string, Uint8Array>();
  #bytes = 0;
  #problem: string | undefined;

  constructor(readonly key: string) {}

  async add(field: string, entry: TarEntry, textsOnly: boolean): Promise<void> {
    const { size } = entry.header;
    const isText = isTextField(field);
    if (!isText && !isPictureField(field) && !isLatentField(field)) return skip(entry);
    this.#problem ??= this.#refuse(field, size, isText ? MOST_TEXT_BYTES : MOST_PICTURE_BYTES);
    if (this.#problem || (textsOnly && !isText)) {
      this.#fields.set(field, new Uint8Array());
      return skip(entry);
    }
    // Memory of its own: a view would keep the whole chunk that was read.
    const bytes = new Uint8Array(size);
    let at = 0;
    for await (const part of entry) {
      bytes.set(part, at);
      at += part.length;
    }
    this.#fields.set(field, bytes);
    this.#bytes += size;
  }

  #refuse(field: string, size: number, most: number): string | undefined {
    if (this.#fields.has(field)) return `it has two files "${field}"`;
    if (this.#fields.size >= MOST_FIELDS) return `it has more than ${MOST_FIELDS} files`;
    if (size > most) return `its ${field} takes ${size} bytes; ${most} is the most`;
    if (this.#bytes + size > MOST_SAMPLE_BYTES) return `it takes more than ${MOST_SAMPLE_BYTES} bytes`;
    return undefined;
  }

  finished(end: number): DataRecord | BadRecord {
    const { key } = this;
    return this.#problem ? { key, reason: this.#problem, end } : { key, fields: this.#fields, end };
  }
}

/** Splits at the first dot of the file's own name; names that begin with a dot are other programs' notes. */
function splitName(name: string): { key: string; field: string } | undefined {
  const start = name.lastIndexOf("/") + 1;
  const dot = name.indexOf(".", start);
  if (dot <= start || Buffer.byteLength(name) > MOST_NAME_BYTES) return undefined;
  return { key: name.slice(0, dot).replace(/^\.\//, ""), field: name.slice(dot + 1).toLowerCase() };
}

function shardProblem(error: NodeJS.ErrnoException): string {
  if (error.code?.startsWith("E")) return `the shard cannot be read further (${error.code})`;
  if (/header/i.test(error.message)) return "the shard is damaged here: what should be a tar header is none";
  return "the shard is cut short here";
}
