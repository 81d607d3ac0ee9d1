/**
 * Files written by `torch.save`, in the zip form (torch 1.6 and later) and in the legacy form. The pickle inside is read without
 * running anything; the tensors stay in the file until their bytes are asked for.
 */
import { UserError } from "../errors.ts";
import { type ByteSource, bytesSource, openFile } from "./byte-source.ts";
import { unpickle } from "./pickle.ts";
import { clip, showValue } from "./show-value.ts";
import { ELEMENT_BYTES, type StoredTensor, type StreamedTensor } from "./tensor-data.ts";
import { NO_WORLD, torchWorld } from "./torch-globals.ts";
import { type StorageReader, type TorchStorage, TorchTensor } from "./torch-tensor.ts";
import { type ByteRange, isZip, locateEntry, readZip, type ZipEntry } from "./zip.ts";

export { TorchTensor } from "./torch-tensor.ts";

/** What a torch file holds: Python's dictionaries are Maps, lists and tuples arrays, None null. */
export type TorchValue =
  | Map<unknown, TorchValue>
  | TorchValue[]
  | TorchTensor
  | Uint8Array
  | string
  | number
  | bigint
  | boolean
  | null;

/** A tensor that stays in its file until it is asked for, whole or a piece at a time. */
export type LazyTensor = StoredTensor & StreamedTensor;

/** An open torch file. */
export interface TorchFile {
  /** The saved object. */
  readonly root: TorchValue;
  /**
   * The tensors by name. Where the root has a dictionary under `model` or `state_dict`, these are its tensors; deeper dictionaries
   * and lists join their keys with dots. Each tensor's `bytes` (contiguous) is read from the file whenever it is asked for, so take it once,
   * or take its `pieces`.
   */
  tensors(): Map<string, LazyTensor>;
  /** Closes the file; tensors cannot be read afterwards. */
  close(): Promise<void>;
}

/** The longest pickle that is read, in bytes: the structure of a file, without its tensors. */
const PICKLE_LIMIT = 16 * 2 ** 20;

/** The first value in a legacy file. */
const LEGACY_MAGIC = 0x1950a86a20f9469cfc6cn;
const LEGACY_PROTOCOL = 1001;

/**
 * Opens a torch file.
 *
 * @param from a path, or the whole file's bytes
 * @throws UserError when it is not a torch file, is damaged, or holds anything but tensors and plain values.
 */
export async function readTorchFile(from: string | Uint8Array): Promise<TorchFile> {
  const source = typeof from === "string" ? await openFile(from) : bytesSource(from);
  try {
    const start = await source.read(0, Math.min(4, source.size));
    const { root, read } = isZip(start) ? await readZipForm(source) : await readLegacyForm(source);
    const tensors = () => {
      try {
        return flatten(root, read);
      } catch (error) {
        throw named(error, source);
      }
    };
    return { root, tensors, close: () => source.close() };
  } catch (error) {
    await source.close();
    throw named(error, source);
  }
}

/** The same error with the file's name in it: the pickle reader does not know which file it reads. */
function named(error: unknown, { label }: ByteSource): unknown {
  if (!(error instanceof UserError) || error.message.includes(label)) return error;
  return new UserError(`In ${label}: ${error.message}`);
}

interface Contents {
  root: TorchValue;
  read: StorageReader;
}

/** A folder in a zip file: `data.pkl`, and `data/<key>` for each storage. */
async function readZipForm(source: ByteSource): Promise<Contents> {
  const entries = await readZip(source);
  const pickleName = [...entries.keys()].find((name) => name === "data.pkl" || name.endsWith("/data.pkl"));
  if (pickleName === undefined)
    throw new UserError(`${source.label} is a zip file but not a torch file: it has no data.pkl.`);
  const folder = pickleName.slice(0, -"data.pkl".length);
  const byteOrder = entries.get(`${folder}byteorder`);
  if (byteOrder && byteOrder.length <= 16) {
    const order = new TextDecoder().decode(await readEntry(source, byteOrder));
    if (order.trim() !== "little")
      throw new UserError(`${source.label} is in ${order} byte order; only little-endian files are read.`);
  }
  const pickle = entries.get(pickleName)!;
  if (pickle.length > PICKLE_LIMIT) throw new UserError(`The pickle in ${source.label} claims ${pickle.length} bytes.`);

  const used = new Map<string, ZipEntry>();
  const world = torchWorld((storage) => {
    const entry = entries.get(`${folder}data/${storage.key}`);
    if (!entry) throw new UserError(`${source.label} lacks storage "${clip(storage.key)}", which a tensor in it uses.`);
    checkStorage(storage, entry.length, source);
    used.set(storage.key, entry);
  });
  const { value } = unpickle(await readEntry(source, pickle), world);
  const places = new Map<string, ByteRange>();
  for (const [key, entry] of used) places.set(key, await locateEntry(source, entry));
  return { root: value as TorchValue, read: storageReader(source, places) };
}

async function readEntry(source: ByteSource, entry: ZipEntry): Promise<Uint8Array> {
  const { offset, length } = await locateEntry(source, entry);
  return source.read(offset, length);
}

/** Pickles one after another: magic number, protocol, system, the object, storage keys; then each storage's size and bytes. */
async function readLegacyForm(source: ByteSource): Promise<Contents> {
  const bytes = await source.read(0, Math.min(source.size, PICKLE_LIMIT));
  // Files of other formats begin with bytes that happen to be opcodes or not, so the first pickle's own complaint says nothing.
  const isPickle = bytes.byteLength > 2 && bytes[0] === 0x80;
  const magic = isPickle ? unpickle(bytes, NO_WORLD) : undefined;
  if (magic?.value !== LEGACY_MAGIC) throw new UserError(`${source.label} is not a file that torch.save has written.`);
  const protocol = unpickle(bytes, NO_WORLD, magic.end);
  if (protocol.value !== LEGACY_PROTOCOL) {
    throw new UserError(
      `${source.label} uses torch file protocol ${showValue(protocol.value)}; only ${LEGACY_PROTOCOL} is read.`,
    );
  }
  const system = unpickle(bytes, NO_WORLD, protocol.end);
  if (!(system.value instanceof Map) || system.value.get("little_endian") !== true) {
    throw new UserError(`${source.label} does not say that it is little-endian; only little-endian files are read.`);
  }
  const storages = new Map<string, TorchStorage[]>();
  const world = torchWorld((storage) => {
    const users = storages.get(storage.key);
    if (users) users.push(storage);
    else storages.set(storage.key, [storage]);
  });
  const object = unpickle(bytes, world, system.end);
  const keys = unpickle(bytes, NO_WORLD, object.end);
  if (!Array.isArray(keys.value))
    throw new UserError(`${source.label} is damaged: its list of storages is not a list.`);

  const places = new Map<string, ByteRange>();
  let end = keys.end;
  for (const key of keys.value) {
    const users = storages.get(key);
    if (!users || places.has(key)) {
      throw new UserError(`${source.label} stores ${showValue(key)}, which no tensor in it uses, or stores it twice.`);
    }
    const name = `storage "${clip(key)}"`;
    if (end + 8 > source.size) throw new UserError(`${source.label} is cut short: ${name} is not there.`);
    const count = new DataView((await source.read(end, 8)).slice().buffer).getBigInt64(0, true);
    const length = Number(count) * ELEMENT_BYTES[users[0].dtype];
    if (count < 0n || end + 8 + length > source.size) {
      throw new UserError(`${source.label} is cut short: ${name} should have ${count} elements.`);
    }
    for (const storage of users) checkStorage(storage, length, source);
    places.set(key, { offset: end + 8, length });
    end += 8 + length;
  }
  for (const key of storages.keys()) {
    if (!places.has(key))
      throw new UserError(`${source.label} lacks storage "${clip(key)}", which a tensor in it uses.`);
  }
  return { root: object.value as TorchValue, read: storageReader(source, places) };
}

function checkStorage(storage: TorchStorage, length: number, source: ByteSource): void {
  const needed = (storage.start + storage.size) * ELEMENT_BYTES[storage.dtype];
  if (needed > length) {
    throw new UserError(
      `Storage "${clip(storage.key)}" in ${source.label} should have ${needed} bytes but has ${length}.`,
    );
  }
}

function storageReader(source: ByteSource, places: Map<string, ByteRange>): StorageReader {
  return (storage, start, length) => {
    const size = ELEMENT_BYTES[storage.dtype];
    return source.readSync(places.get(storage.key)!.offset + (storage.start + start) * size, length * size);
  };
}

const DEPTH_LIMIT = 64;
/** Values looked at when tensors are collected; dictionaries that contain each other could otherwise go on for ever. */
const VISIT_LIMIT = 1_000_000;

function flatten(root: TorchValue, read: StorageReader): Map<string, LazyTensor> {
  const tensors = new Map<string, LazyTensor>();
  let visits = 0;
  const visit = (value: TorchValue, path: unknown[]): void => {
    if (++visits > VISIT_LIMIT || path.length > DEPTH_LIMIT) {
      throw new UserError("The file's dictionaries are nested too deeply, or contain each other.");
    }
    if (value instanceof TorchTensor) {
      const name = nameOf(path);
      if (tensors.has(name)) throw new UserError(`The file has two tensors that would both be named "${clip(name)}".`);
      tensors.set(name, lazyTensor(name, value, read));
    } else if (value instanceof Map) {
      for (const [key, item] of value) visit(item, [...path, key]);
    } else if (Array.isArray(value)) {
      for (const [i, item] of value.entries()) visit(item, [...path, i]);
    }
  };
  visit(stateOf(root), []);
  return tensors;
}

function nameOf(path: unknown[]): string {
  const odd = path.find((key) => typeof key !== "string" && typeof key !== "number");
  if (odd !== undefined) {
    throw new UserError(`The file has a tensor under the key ${showValue(odd)}, which is neither a text nor a number.`);
  }
  return path.join(".");
}

/** The dictionary that holds the model's tensors. */
function stateOf(root: TorchValue): TorchValue {
  if (!(root instanceof Map)) return root;
  for (const key of ["model", "state_dict"]) {
    const inner = root.get(key);
    if (inner instanceof Map) return inner;
  }
  return root;
}

function lazyTensor(name: string, tensor: TorchTensor, read: StorageReader): LazyTensor {
  return {
    name,
    dtype: tensor.dtype,
    shape: tensor.shape,
    get bytes() {
      return tensor.contiguous(read);
    },
    pieces: () => tensor.pieces(read),
  };
}
