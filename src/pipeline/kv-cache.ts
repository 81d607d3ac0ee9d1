import type { UniPicConfig } from "../models/config.ts";
import { cacheShape } from "../models/language-programs.ts";
import { isOnDevice, type Value } from "../runtime/values.ts";
import { type HostArray, hostArray } from "../tensor/dtype.ts";
import type { Programs } from "./programs.ts";

/**
 * What the language model left of what it has read: keys and values of every layer by name (`key0`, `value0`, ...), [rows, key-value heads,
 * room, head]. A row's tokens come first; what stands after them is never seen.
 */
export type KvCache = Readonly<Record<string, Value>>;

/** A cache under the names of a program's inputs: no name may stand for an input and an output. */
export const pastFeeds = (cache: KvCache): Record<string, Value> =>
  Object.fromEntries(Object.entries(cache).map(([name, array]) => [`past ${name}`, array]));

/** A cache in which no row has any token. It has room for one, because engines on a GPU take no arrays without elements. */
export function emptyCache({ llm }: UniPicConfig, rows: number): KvCache {
  const shape = cacheShape(llm, rows, 1);
  const nothing = hostArray("float32", shape, new Float32Array(shape.reduce((a, b) => a * b)));
  const names = Array.from({ length: llm.num_hidden_layers }, (_, i) => [`key${i}`, `value${i}`]).flat();
  return Object.fromEntries(names.map((name) => [name, nothing]));
}

/**
 * The cache of a single row with more tokens after its first `length`. In host memory they are written into the room there is, so that
 * one token more does not copy all others: caches that grew out of one another share memory, and going on from an earlier one drops what
 * the later ones have beyond it. On a device the result is a new cache.
 */
export async function lengthen(
  programs: Pick<Programs, "join">,
  cache: KvCache,
  length: number,
  fresh: KvCache,
): Promise<KvCache> {
  const entries = Object.entries(fresh);
  if (entries.every(([, value]) => !isOnDevice(value))) {
    return Object.fromEntries(
      entries.map(([name, value]) => [name, written(cache[name] as HostArray, length, value as HostArray)]),
    );
  }
  const joined = await programs.join().runOnDevice({ ...pastFeeds(cache), ...fresh });
  return Object.fromEntries(entries.map(([name]) => [name, joined[`longer ${name}`]]));
}

/** Room for an eighth more, and for the answer to a short question at least. */
const roomFor = (length: number): number => Math.ceil(length * 1.125) + 64;

/** One layer's keys or values with more of them after the first `length`. */
function written(past: HostArray, length: number, fresh: HostArray): HostArray {
  const [, groups, added, head] = fresh.shape;
  const total = length + added;
  const grown = total <= past.shape[2] ? past : moved(past, length, roomFor(total));
  const [from, to] = [fresh.data as Float32Array, grown.data as Float32Array];
  const room = grown.shape[2];
  for (let group = 0; group < groups; group++) {
    to.set(from.subarray(group * added * head, (group + 1) * added * head), (group * room + length) * head);
  }
  return grown;
}

function moved({ data, shape }: HostArray, length: number, room: number): HostArray {
  const [, groups, before, head] = shape;
  const larger = new Float32Array(groups * room * head);
  for (let group = 0; group < groups; group++) {
    const start = group * before * head;
    larger.set((data as Float32Array).subarray(start, start + length * head), group * room * head);
  }
  return hostArray("float32", [1, groups, room, head], larger);
}
