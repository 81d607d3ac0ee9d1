/**
 * Files written by `torch.save`, in the zip form (torch 1.6 and later) and in the legacy form. The pickle inside is read without
 * running anything; the tensors stay in the file until their bytes are asked for.
 */
import { UserError } from "../errors.ts";
import { type ByteSource, bytesSource, openFile } from "./byte-source.ts";
import { unpickle } from "./pickle.ts";
import { ELEMENT_BYTES, type StoredTensor } from "./tensor-data.ts";
import { NO_WORLD, torchWorld } from "./torch-globals.ts";
import { type StorageReader, type TorchStorage, TorchTensor } from "./torch-tensor.ts";
import { isZip, readZip, type ZipEntry } from "./zip.ts";

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

/** An open torch file. */
export interface TorchFile {
  /** The saved object. */
  readonly root: TorchValue;
  /**
   * The tensors by name. Where the root has a dictionary under `model` or `state_dict`, these are its tensors; deeper dictionaries
   * and lists join their keys with dots. Each tensor's `bytes` (contiguous) is read from the file whenever it is asked for, so take it once.
   */
  tensors(): Map<string, StoredTensor>;
  /** Closes the file; tensors cannot be read afterwards. */
  close(): Promise<void>;
}

/** The longest pickle that is read, in bytes: the structure of a file, without its tensors. */
const PICKLE_LIMIT = 64 * 2 ** 20;

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
    return { root, tensors: () => flatten(root, read), close: () => source.close() };
  } catch (error) {
    await source.close();
    // The pickle reader does not know which file it reads.
    const isNameless = error instanceof UserError && !error.message.includes(source.label);
    throw isNameless ? new UserError(`In ${source.label}: ${error.message}`) : error;
  }
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
    const order = new TextDecoder().decode(await source.read(byteOrder.offset, byteOrder.length));
    if (order.trim() !== "little")
      throw new UserError(`${source.label} is in ${order} byte order; only little-endian files are read.`);
  }
  const pickle = entries.get(pickleName)!;
  if (pickle.length > PICKLE_LIMIT) throw new UserError(`The pickle in ${source.label} claims ${pickle.length} bytes.`);

  const places = new Map<string, ZipEntry>();
  const world = torchWorld((storage) => {
    const entry = entries.get(`${folder}data/${storage.key}`);
    if (!entry) throw new UserError(`${source.label} lacks storage "${storage.key}", which a tensor in it uses.`);
    checkStorage(storage, entry.length, source);
    places.set(storage.key, entry);
  });
  const { value } = unpickle(await source.read(pickle.offset, pickle.length), world);
  return { root: value as TorchValue, read: storageReader(source, places) };
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
    throw new UserError(`${source.label} uses torch file protocol ${protocol.value}; only ${LEGACY_PROTOCOL} is read.`);
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

  const places = new Map<string, ZipEntry>();
  let end = keys.end;
  for (const key of keys.value) {
    const users = storages.get(key);
    if (!users) throw new UserError(`${source.label} stores "${key}", which no tensor in it uses.`);
    if (end + 8 > source.size) throw new UserError(`${source.label} is cut short: storage "${key}" is not there.`);
    const count = new DataView((await source.read(end, 8)).slice().buffer).getBigInt64(0, true);
    const length = Number(count) * ELEMENT_BYTES[users[0].dtype];
    if (count < 0n || end + 8 + length > source.size) {
      throw new UserError(`${source.label} is cut short: storage "${key}" should have ${count} elements.`);
    }
    for (const storage of users) checkStorage(storage, length, source);
    places.set(key, { offset: end + 8, length });
    end += 8 + length;
  }
  for (const key of storages.keys()) {
    if (!places.has(key)) throw new UserError(`${source.label} lacks storage "${key}", which a tensor in it uses.`);
  }
  return { root: object.value as TorchValue, read: storageReader(source, places) };
}

function checkStorage(storage: TorchStorage, length: number, source: ByteSource): void {
  const needed = (storage.start + storage.size) * ELEMENT_BYTES[storage.dtype];
  if (needed > length) {
    throw new UserError(`Storage "${storage.key}" in ${source.label} should have ${needed} bytes but has ${length}.`);
  }
}

function storageReader(source: ByteSource, places: Map<string, ZipEntry>): StorageReader {
  return (storage, start, length) => {
    const size = ELEMENT_BYTES[storage.dtype];
    return source.readSync(places.get(storage.key)!.offset + (storage.start + start) * size, length * size);
  };
}

const DEPTH_LIMIT = 64;
/** Values looked at when tensors are collected; dictionaries that contain each other could otherwise go on for ever. */
const VISIT_LIMIT = 4_000_000;

function flatten(root: TorchValue, read: StorageReader): Map<string, StoredTensor> {
  const tensors = new Map<string, StoredTensor>();
  let visits = 0;
  const visit = (value: TorchValue, path: string[]): void => {
    if (++visits > VISIT_LIMIT || path.length > DEPTH_LIMIT) {
      throw new UserError("The file's dictionaries are nested too deeply, or contain each other.");
    }
    if (value instanceof TorchTensor) {
      const name = path.join(".");
      if (tensors.has(name)) throw new UserError(`The file has two tensors that would both be named "${name}".`);
      tensors.set(name, lazyTensor(name, value, read));
    } else if (value instanceof Map) {
      for (const [key, item] of value) visit(item, [...path, String(key)]);
    } else if (Array.isArray(value)) {
      for (const [i, item] of value.entries()) visit(item, [...path, String(i)]);
    }
  };
  visit(stateOf(root), []);
  return tensors;
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

function lazyTensor(name: string, tensor: TorchTensor, read: StorageReader): StoredTensor {
  return {
    name,
    dtype: tensor.dtype,
    shape: tensor.shape,
    get bytes() {
      return tensor.contiguous(read);
    },
  };
}
