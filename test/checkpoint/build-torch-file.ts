/** Builds torch files by hand, so that tests can make wrong ones. */

const text = (value: string) => new TextEncoder().encode(value);

export function concatenate(...parts: (Uint8Array | readonly number[])[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let end = 0;
  for (const part of parts) {
    whole.set(part, end);
    end += part.length;
  }
  return whole;
}

/** A whole number, little-endian. */
function unsigned(value: number, width: 2 | 4 | 8): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(value), true);
  return bytes.subarray(0, width);
}

/** Pickle opcodes for the values that tests need. */
export const op = {
  proto: [0x80, 2],
  mark: [0x28],
  tuple: [0x74],
  reduce: [0x52],
  persistent: [0x51],
  emptyTuple: [0x29],
  emptyDictionary: [0x7d],
  setItems: [0x75],
  none: [0x4e],
  false: [0x89],
  stop: [0x2e],
  string: (value: string) => concatenate([0x58], unsigned(text(value).length, 4), text(value)),
  integer: (value: number) => concatenate([0x8a, 7], unsigned(value, 8).subarray(0, 7)),
  global: (module: string, name: string) => text(`c${module}\n${name}\n`),
};

export interface TensorShape {
  storage?: string;
  /** The storage's type. */
  type?: string;
  elements: number;
  offset?: number;
  shape: number[];
  strides: number[];
}

/** Opcodes that rebuild a tensor, of float32 where no other type is named. */
export function tensorPickle({
  storage = "0",
  type = "FloatStorage",
  elements,
  offset = 0,
  shape,
  strides,
}: TensorShape): Uint8Array {
  const sizes = (values: number[]) => concatenate(op.mark, ...values.map(op.integer), op.tuple);
  return concatenate(
    op.global("torch._utils", "_rebuild_tensor_v2"),
    op.mark,
    concatenate(op.mark, op.string("storage"), op.global("torch", type), op.string(storage), op.string("cpu")),
    concatenate(op.integer(elements), op.tuple, op.persistent),
    op.integer(offset),
    sizes(shape),
    sizes(strides),
    op.false,
    op.none,
    op.tuple,
    op.reduce,
  );
}

/** A pickle of a dictionary with these opcodes as its values. */
export function dictionaryPickle(items: Record<string, Uint8Array | number[]>): Uint8Array {
  const pairs = Object.entries(items).map(([key, value]) => concatenate(op.string(key), value));
  return concatenate(op.proto, op.emptyDictionary, op.mark, ...pairs, op.setItems, op.stop);
}

interface ZipOptions {
  /** Whether every size and place is in the ZIP64 records. */
  zip64?: boolean;
  method?: number;
}

interface PlacedEntry {
  name: string;
  size: number;
  /** Where the entry's header is in the file. */
  start: number;
}

/** Flags, method, time, date, checksum and the sizes, which both headers of an entry have; the checksum is left 0. */
const common = (size: number, { zip64 = false, method = 0 }: ZipOptions) => {
  const shown = zip64 ? 0xffffffff : size;
  return concatenate(unsigned(0, 2), unsigned(method, 2), unsigned(0, 8), unsigned(shown, 4), unsigned(shown, 4));
};

/** What stands in front of an entry's bytes. */
export function zipHeader(name: string, size: number, options: ZipOptions = {}): Uint8Array {
  const padding = new Uint8Array(5); // an extra field that only this header has
  const lengths = concatenate(unsigned(text(name).length, 2), unsigned(padding.length, 2));
  return concatenate([0x50, 0x4b, 3, 4], unsigned(45, 2), common(size, options), lengths, text(name), padding);
}

/** What stands behind all entries, which end at byte `end`. */
export function zipDirectory(entries: readonly PlacedEntry[], end: number, options: ZipOptions = {}): Uint8Array {
  const { zip64 = false } = options;
  const directory = entries.flatMap(({ name, size, start }) => {
    const wide = concatenate(unsigned(size, 8), unsigned(size, 8), unsigned(start, 8));
    const extra = zip64 ? concatenate(unsigned(1, 2), unsigned(wide.length, 2), wide) : new Uint8Array(0);
    const lengths = concatenate(unsigned(text(name).length, 2), unsigned(extra.length, 2));
    return [
      concatenate([0x50, 0x4b, 1, 2], unsigned(45, 2), unsigned(45, 2), common(size, options), lengths),
      concatenate(new Uint8Array(10), unsigned(zip64 ? 0xffffffff : start, 4), text(name), extra),
    ];
  });
  const table = concatenate(...directory);
  const count = entries.length;
  const record = concatenate(
    concatenate([0x50, 0x4b, 6, 6], unsigned(44, 8), new Uint8Array(12)),
    concatenate(unsigned(count, 8), unsigned(count, 8), unsigned(table.length, 8), unsigned(end, 8)),
    concatenate([0x50, 0x4b, 6, 7], unsigned(0, 4), unsigned(end + table.length, 8), unsigned(1, 4)),
  );
  const short = (value: number, width: 2 | 4) => unsigned(zip64 ? 256 ** width - 1 : value, width);
  return concatenate(
    table,
    zip64 ? record : [],
    concatenate([0x50, 0x4b, 5, 6], unsigned(0, 4), short(count, 2), short(count, 2)),
    concatenate(short(table.length, 4), short(end, 4), unsigned(0, 2)),
  );
}

/** A zip file of stored entries. */
export function zip(files: Record<string, Uint8Array>, options: ZipOptions = {}): Uint8Array {
  const parts: Uint8Array[] = [];
  const entries: PlacedEntry[] = [];
  let end = 0;
  for (const [name, bytes] of Object.entries(files)) {
    entries.push({ name, size: bytes.length, start: end });
    parts.push(zipHeader(name, bytes.length, options), bytes);
    end += parts.at(-2)!.length + bytes.length;
  }
  return concatenate(...parts, zipDirectory(entries, end, options));
}

/** A torch file in the zip form. */
export function torchZip(pickle: Uint8Array, storages: Record<string, Uint8Array> = {}, options = {}): Uint8Array {
  const data = Object.entries(storages).map(([key, bytes]) => [`archive/data/${key}`, bytes]);
  return zip({ "archive/data.pkl": pickle, ...Object.fromEntries(data), "archive/version": text("3\n") }, options);
}
