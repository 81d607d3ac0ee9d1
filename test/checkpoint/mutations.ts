/** Ways to damage a file, drawn from a seeded generator: the same seed damages the same way. */
import type { Random } from "../../src/random.ts";
import { concatenate } from "./build-torch-file.ts";

/** Numbers at which readers go wrong: ends of integer types, and lengths that no file has. */
const EXTREMES = [
  0n,
  1n,
  0x7fn,
  0xffn,
  0xffffn,
  0x7fffffffn,
  0x80000000n,
  0xffffffffn,
  2n ** 53n,
  2n ** 63n,
  2n ** 64n - 1n,
];

/** One or a few bytes, anywhere, changed, taken out, put in, or repeated; or the file cut or lengthened. */
export function damageBytes(random: Random, bytes: Uint8Array): Uint8Array {
  const at = random.integer(bytes.length + 1);
  const end = Math.min(bytes.length, at + 1 + random.integer(16));
  const damaged = bytes.slice();
  switch (random.integer(8)) {
    case 0:
      for (let i = at; i < end; i++) damaged[i] = random.integer(256);
      return damaged;
    case 1:
      if (at < bytes.length) damaged[at] ^= 1 << random.integer(8);
      return damaged;
    case 2:
      return overwriteInteger(random, damaged, at);
    case 3:
      return bytes.slice(0, at);
    case 4:
      return concatenate(bytes.subarray(0, at), bytes.subarray(end));
    case 5:
      return concatenate(bytes.subarray(0, end), bytes.subarray(at));
    case 6:
      return concatenate(bytes.subarray(0, at), randomBytes(random, end - at), bytes.subarray(at));
    default:
      return concatenate(bytes, randomBytes(random, 1 + random.integer(32)));
  }
}

/** An extreme whole number of 1, 2, 4 or 8 bytes at a place, or one near the file's length. */
export function overwriteInteger(random: Random, bytes: Uint8Array, at: number): Uint8Array {
  const near = BigInt(bytes.length + random.integer(5) - 2);
  const value = random.chance(0.3) ? near : random.pick(EXTREMES);
  const width = random.pick([1, 2, 4, 8]);
  for (let i = 0; i < width && at + i < bytes.length; i++) bytes[at + i] = Number((value >> BigInt(8 * i)) & 0xffn);
  return bytes;
}

/** Some place right after one of the marks, up to `reach` bytes on. */
export function nearMark(random: Random, bytes: Uint8Array, mark: readonly number[], reach: number): number {
  const places: number[] = [];
  for (let i = 0; i + mark.length <= bytes.length; i++)
    if (mark.every((byte, k) => bytes[i + k] === byte)) places.push(i);
  return places.length === 0 ? random.integer(bytes.length) : random.pick(places) + random.integer(reach);
}

/** Values that nobody expects in a JSON file; made anew each time, as some are deep. */
const odd = (random: Random): unknown =>
  random.pick<() => unknown>([
    () => null,
    () => -1,
    () => 0,
    () => 0.5,
    () => 2 ** 53,
    () => 1e308,
    () => "",
    () => "F32",
    () => "__proto__",
    () => "../x.safetensors",
    () => "x".repeat(5000),
    () => [],
    () => ({}),
    () => [0, 0],
    () => [8, 4],
    () => [2 ** 40, 2 ** 40],
    () => [2 ** 52, 2 ** 52, 0],
    () => new Array(100).fill(1),
    () => nested(2000),
    () => true,
  ])();

const nested = (depth: number): unknown => {
  let value: unknown = [];
  for (let i = 0; i < depth; i++) value = [value];
  return value;
};

/** Replaces, removes, adds or renames something anywhere in a JSON value. */
export function damageJson(random: Random, json: unknown): unknown {
  if (typeof json !== "object" || json === null || random.chance(0.2)) return odd(random);
  const copy: Record<string, unknown> | unknown[] = Array.isArray(json) ? [...json] : { ...json };
  const keys = Object.keys(copy);
  const key = keys.length === 0 ? "0" : random.pick(keys);
  const fields = copy as Record<string, unknown>;
  switch (random.integer(6)) {
    case 0:
      delete fields[key];
      return copy;
    case 1:
      fields[random.pick(["w", "0", "__metadata__", "constructor", "dtype", "weight_map", "x\u001b[2J"])] = odd(random);
      return copy;
    case 2:
      fields[random.pick(keys.length === 0 ? ["0"] : keys)] = fields[key];
      return copy;
    default:
      fields[key] = damageJson(random, fields[key]);
      return copy;
  }
}

/** Opcodes and short programs of pickles, valid or not, to be put anywhere into one. */
const PICKLE_PIECES: readonly (readonly number[])[] = [
  [0x28],
  [0x29],
  [0x5d],
  [0x7d],
  [0x74],
  [0x85],
  [0x86],
  [0x87],
  [0x64],
  [0x6c],
  [0x61],
  [0x65],
  [0x73],
  [0x75],
  [0x30],
  [0x51],
  [0x52],
  [0x81],
  [0x62],
  [0x93],
  [0x94],
  [0x2e],
  [0x4e],
  [0x88],
  [0x68, 0],
  [0x68, 1],
  [0x71, 0],
  [0x6a, 0, 0, 0, 0],
  [0x4b, 7],
  [0x4d, 255, 255],
  [0x4a, 255, 255, 255, 127],
  [0x4a, 255, 255, 255, 255],
  [0x8a, 8, 255, 255, 255, 255, 255, 255, 255, 127],
  [0x8b, 255, 255, 255, 255],
  [0x58, 255, 255, 255, 255],
  [0x8d, 255, 255, 255, 255, 255, 255, 255, 255],
  [0x42, 0, 0, 0, 1],
  [0x8e, 0, 0, 0, 0, 1, 0, 0, 0],
  [0x47, 127, 240, 0, 0, 0, 0, 0, 0],
  [0x58, 1, 0, 0, 0, 48],
  // A list that contains itself, and one that contains another twice.
  [0x5d, 0x71, 9, 0x68, 9, 0x61],
  [0x5d, 0x71, 8, 0x68, 8, 0x68, 8, 0x86],
  [...new TextEncoder().encode("cposix\nsystem\n")],
  [...new TextEncoder().encode("ctorch\nFloatStorage\n")],
  [...new TextEncoder().encode("ccollections\nOrderedDict\n")],
  [...new TextEncoder().encode("ctorch\ndevice\n")],
  [...new TextEncoder().encode("ctorch._utils\n_rebuild_tensor_v2\n")],
];

/** Puts opcodes into a pickle, or over it. */
export function damagePickle(random: Random, pickle: Uint8Array): Uint8Array {
  if (random.chance(0.4)) return damageBytes(random, pickle);
  let damaged = pickle;
  for (let i = 1 + random.integer(3); i > 0; i--) {
    const at = random.integer(damaged.length + 1);
    const piece = random.pick(PICKLE_PIECES);
    const skipped = random.chance(0.5) ? piece.length : 0;
    damaged = concatenate(damaged.subarray(0, at), [...piece], damaged.subarray(at + skipped));
  }
  return damaged;
}

function randomBytes(random: Random, length: number): Uint8Array {
  return Uint8Array.from({ length }, () => random.integer(256));
}
