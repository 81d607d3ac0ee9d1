import { pastFeeds } from "../models/programs.ts";
import { featureRows } from "../models/unipic.ts";
import { releaseValues, toHost, type Value } from "../runtime/values.ts";
import { type HostArray, hostArray } from "../tensor/dtype.ts";
import type { Programs } from "./programs.ts";
import type { DrawingContext } from "./round-feeds.ts";

/** Prompts that the language model has read. */
export interface ReadPrompts {
  /** Keys and values of every layer by name (`key0`, `value0`, ...): [rows, padded, key-value heads x head]. */
  cache: Record<string, Value>;
  lengths: number[];
  padded: number;
  /** After each row's last token: [rows, vocabulary]. */
  logits: HostArray;
}

/** Image features for the `<image>` tokens of prompts: [rows, count, hidden]. */
export interface PromptPictures {
  features: Value;
  imageToken: number;
}

/** Reads prompts of any length together, padded on the right, with image features in place of their `<image>` tokens. */
export async function readPrompts(
  programs: Programs,
  prompts: readonly (readonly number[])[],
  pictures?: PromptPictures,
): Promise<ReadPrompts> {
  const lengths = prompts.map((ids) => ids.length);
  const padded = Math.max(...lengths);
  const rows = prompts.map((ids) => [...ids, ...new Array<number>(padded - ids.length).fill(0)]);
  const shape = [rows.length, padded];
  const program = await programs.read({ cached: false, pictures: pictures !== undefined });
  const { logits, ...cache } = await program.runOnDevice({
    ids: hostArray("int64", shape, rows.flat()),
    positions: hostArray(
      "int64",
      shape,
      rows.flatMap((row) => row.map((_, i) => i)),
    ),
    mask: hostArray(
      "int64",
      shape,
      rows.flatMap((row, b) => row.map((_, i) => (i < lengths[b] ? 1 : 0))),
    ),
    last: hostArray(
      "int64",
      [rows.length],
      lengths.map((length, b) => b * padded + length - 1),
    ),
    ...(pictures ? pictureFeeds(rows, pictures) : {}),
  });
  return { cache, lengths, padded, logits: await toHost(logits) };
}

/**
 * Reads more of a single row after what was read before, as if all of it had been read together. What was read before stays valid.
 */
export async function readOn(
  programs: Programs,
  before: Pick<ReadPrompts, "cache" | "lengths">,
  ids: readonly number[],
  pictures?: PromptPictures,
): Promise<ReadPrompts> {
  const [past] = before.lengths;
  const total = past + ids.length;
  const program = await programs.read({ cached: true, pictures: pictures !== undefined });
  const { logits, ...cache } = await program.runOnDevice({
    ...pastFeeds(before.cache),
    ids: hostArray("int64", [1, ids.length], ids),
    positions: hostArray(
      "int64",
      [1, ids.length],
      ids.map((_, i) => past + i),
    ),
    mask: hostArray("int64", [1, total], new BigInt64Array(total).fill(1n)),
    last: hostArray("int64", [1], [ids.length - 1]),
    ...(pictures ? pictureFeeds([ids], pictures) : {}),
  });
  return { cache, lengths: [total], padded: total, logits: await toHost(logits) };
}

function pictureFeeds(
  rows: readonly (readonly number[])[],
  { features, imageToken }: PromptPictures,
): Record<string, Value> {
  const shape = [rows.length, rows[0].length];
  return { features, source: hostArray("int64", shape, featureRows(rows, imageToken, features.shape[1])) };
}

/** The first `length` tokens of what was read of a single row, as they were before more was read. The rest is released. */
export async function cutBack(
  programs: Programs,
  { cache }: Pick<ReadPrompts, "cache">,
  length: number,
): Promise<Pick<ReadPrompts, "cache" | "lengths">> {
  const kept = Array.from({ length }, (_, i) => i);
  const entries = Object.entries(cache).map(async ([name, value]) => [name, await rowsOf(programs, value, kept, 1)]);
  const cut = Object.fromEntries(await Promise.all(entries)) as Record<string, Value>;
  releaseValues(cache);
  return { cache: cut, lengths: [length] };
}

/** Rows of an array along its first axis, or its second; a new array that lies where the old one does. */
export async function rowsOf(
  programs: Pick<Programs, "rows">,
  array: Value,
  rows: readonly number[],
  axis: 0 | 1 = 0,
): Promise<Value> {
  const program = await programs.rows(array, axis);
  const { chosen } = await program.runOnDevice({ x: array, rows: hostArray("int64", [rows.length], rows) });
  return chosen;
}

/** Every array of a drawing's context. */
export const contextValues = ({ cache, source }: DrawingContext): Value[] => [
  ...Object.values(cache),
  ...(source ? [source] : []),
];

/** The first rows of a drawing's context; new arrays, which lie where the old ones do. */
export async function firstRows(
  programs: Pick<Programs, "rows">,
  { cache, lengths, padded, source }: DrawingContext,
  count: number,
): Promise<DrawingContext> {
  const rows = Array.from({ length: count }, (_, row) => row);
  const entries = Object.entries(cache).map(async ([name, value]) => [name, await rowsOf(programs, value, rows)]);
  return {
    cache: Object.fromEntries(await Promise.all(entries)),
    lengths: lengths.slice(0, count),
    padded,
    source: source && (await rowsOf(programs, source, rows)),
  };
}
