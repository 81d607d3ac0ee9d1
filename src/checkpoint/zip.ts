/**
 * The table of contents of a zip file whose entries are stored without compression, as torch writes them; ZIP64 too.
 * See PKWARE's APPNOTE.TXT, sections 4.3 and 4.5.
 */
import { UserError } from "../errors.ts";
import type { ByteSource } from "./byte-source.ts";
import { clip } from "./show-value.ts";

/** An entry as the table of contents has it. */
export interface ZipEntry {
  name: string;
  /** Where the entry's own header lies in the file, in front of its bytes. */
  header: number;
  /** Number of bytes. */
  length: number;
}

/** Where an entry's bytes lie in the file. */
export interface ByteRange {
  offset: number;
  length: number;
}

const END_SIGNATURE = 0x06054b50;
const END_BYTES = 22;
const LONGEST_COMMENT = 0xffff;
const ZIP64_LOCATOR_SIGNATURE = 0x07064b50;
const ZIP64_LOCATOR_BYTES = 20;
const ZIP64_END_SIGNATURE = 0x06064b50;
const ZIP64_END_BYTES = 56;
const DIRECTORY_SIGNATURE = 0x02014b50;
const DIRECTORY_ENTRY_BYTES = 46;
const LOCAL_SIGNATURE = 0x04034b50;
const LOCAL_BYTES = 30;
const ZIP64_EXTRA = 0x0001;
/** Stands in a 16- or 32-bit field for "see the ZIP64 record". */
const FULL_16 = 0xffff;
const FULL_32 = 0xffffffff;

/** The longest table of contents that is read, in bytes: torch has an entry of some eighty bytes for each storage. */
const DIRECTORY_LIMIT = 16 * 2 ** 20;

/** Whether these first bytes of a file are a zip file's. */
export function isZip(start: Uint8Array): boolean {
  return start.byteLength >= 4 && dataView(start).getUint32(0, true) === LOCAL_SIGNATURE;
}

/**
 * Reads the table of contents.
 *
 * @returns the entries by name
 * @throws UserError when the file is cut short or damaged, or when an entry is compressed, encrypted or there twice.
 */
export async function readZip(source: ByteSource): Promise<Map<string, ZipEntry>> {
  const { start, length } = await findDirectory(source);
  if (length > DIRECTORY_LIMIT)
    throw new UserError(`The zip table of contents of ${source.label} claims ${length} bytes.`);
  const directory = await readRange(source, start, length, "table of contents");
  const view = dataView(directory);
  const decoder = new TextDecoder();
  const entries = new Map<string, ZipEntry>();
  for (let at = 0; at < length; ) {
    if (length - at < DIRECTORY_ENTRY_BYTES || view.getUint32(at, true) !== DIRECTORY_SIGNATURE) throw damaged(source);
    const nameLength = view.getUint16(at + 28, true);
    const extraLength = view.getUint16(at + 30, true);
    const nameStart = at + DIRECTORY_ENTRY_BYTES;
    const next = nameStart + nameLength + extraLength + view.getUint16(at + 32, true);
    if (next > length) throw damaged(source);
    const name = decoder.decode(directory.subarray(nameStart, nameStart + nameLength));
    if (view.getUint16(at + 10, true) !== 0 || (view.getUint16(at + 8, true) & 1) !== 0) {
      throw new UserError(
        `Entry "${clip(name)}" of ${source.label} is compressed or encrypted; torch stores entries as they are.`,
      );
    }
    const extra = directory.subarray(nameStart + nameLength, nameStart + nameLength + extraLength);
    const sizes = [view.getUint32(at + 24, true), view.getUint32(at + 20, true), view.getUint32(at + 42, true)];
    const [size, , header] = withZip64(sizes, extra, source);
    if (header + LOCAL_BYTES + size > source.size) throw cutShort(source, `entry "${clip(name)}"`);
    if (entries.has(name)) throw new UserError(`${source.label} has two entries named "${clip(name)}".`);
    entries.set(name, { name, header, length: size });
    at = next;
  }
  return entries;
}

/** Where the table of contents lies, from the record at the end of the file. */
async function findDirectory(source: ByteSource): Promise<{ start: number; length: number }> {
  const tailLength = Math.min(source.size, END_BYTES + LONGEST_COMMENT);
  const tailStart = source.size - tailLength;
  const tail = await source.read(tailStart, tailLength);
  const view = dataView(tail);
  let at = tailLength - END_BYTES;
  while (at >= 0 && view.getUint32(at, true) !== END_SIGNATURE) at--;
  if (at < 0) throw cutShort(source, "table of contents");
  const count = view.getUint16(at + 10, true);
  const length = view.getUint32(at + 12, true);
  const start = view.getUint32(at + 16, true);
  if (count !== FULL_16 && length !== FULL_32 && start !== FULL_32) return { start, length };

  const locator = await readRange(source, tailStart + at - ZIP64_LOCATOR_BYTES, ZIP64_LOCATOR_BYTES, "ZIP64 locator");
  // Exactly 65,535 entries without a ZIP64 record are allowed too.
  if (dataView(locator).getUint32(0, true) !== ZIP64_LOCATOR_SIGNATURE) return { start, length };
  const recordStart = wide(dataView(locator), 8);
  const record = dataView(await readRange(source, recordStart, ZIP64_END_BYTES, "ZIP64 record"));
  if (record.getUint32(0, true) !== ZIP64_END_SIGNATURE) throw damaged(source);
  return { start: wide(record, 48), length: wide(record, 40) };
}

/** Replaces the fields that do not fit 32 bits by those of the ZIP64 extra field, which holds only these, in this order. */
function withZip64(fields: number[], extra: Uint8Array, source: ByteSource): number[] {
  if (!fields.includes(FULL_32)) return fields;
  const view = dataView(extra);
  for (let at = 0; at + 4 <= extra.byteLength; ) {
    const length = view.getUint16(at + 2, true);
    if (view.getUint16(at, true) === ZIP64_EXTRA) {
      let from = at + 4;
      const end = Math.min(from + length, extra.byteLength);
      return fields.map((field) => {
        if (field !== FULL_32) return field;
        if (from + 8 > end) throw damaged(source);
        from += 8;
        return wide(view, from - 8);
      });
    }
    at += 4 + length;
  }
  throw damaged(source);
}

/**
 * Where an entry's bytes lie: its own header, in front of them, has a name and an extra field of lengths that only it knows.
 *
 * @throws UserError when the header makes no sense or the bytes are not all there.
 */
export async function locateEntry(source: ByteSource, { name, header, length }: ZipEntry): Promise<ByteRange> {
  const what = `entry "${clip(name)}"`;
  const view = dataView(await readRange(source, header, LOCAL_BYTES, what));
  if (view.getUint32(0, true) !== LOCAL_SIGNATURE) throw damaged(source);
  const offset = header + LOCAL_BYTES + view.getUint16(26, true) + view.getUint16(28, true);
  if (offset + length > source.size) throw cutShort(source, what);
  return { offset, length };
}

async function readRange(source: ByteSource, start: number, length: number, what: string): Promise<Uint8Array> {
  if (start < 0 || start + length > source.size) throw cutShort(source, what);
  return source.read(start, length);
}

/** A 64-bit field. One that is too large for any file is refused by the range check that follows. */
function wide(view: DataView, at: number): number {
  return Number(view.getBigUint64(at, true));
}

function dataView(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function cutShort(source: ByteSource, what: string): UserError {
  return new UserError(
    `${source.label} is cut short: its zip ${what} is not all there; copy or download the file again.`,
  );
}

function damaged(source: ByteSource): UserError {
  return new UserError(
    `${source.label} is damaged: its zip table of contents makes no sense; copy or download the file again.`,
  );
}
