import { pastFeeds } from "../models/programs.ts";
import { featureRows } from "../models/unipic.ts";
import { type HostArray, hostArray } from "../tensor/dtype.ts";
import type { Programs } from "./programs.ts";
import type { DrawingContext } from "./round-feeds.ts";

/** Prompts that the language model has read. */
export interface ReadPrompts {
  cache: Record<string, HostArray>;
  lengths: number[];
  padded: number;
  /** After each row's last token: [rows, vocabulary]. */
  logits: HostArray;
}

/** Image features for the `<image>` tokens of prompts: [rows, count, hidden]. */
export interface PromptPictures {
  features: HostArray;
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
  const feeds: Record<string, HostArray> = {
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
  };
  if (pictures) {
    feeds.features = pictures.features;
    feeds.source = hostArray("int64", shape, featureRows(rows, pictures.imageToken, pictures.features.shape[1]));
  }
  const program = await programs.read({ cached: false, pictures: pictures !== undefined });
  const { logits, ...cache } = await program.run(feeds);
  return { cache, lengths, padded, logits };
}

/** Reads one more token of one row after what was read before. */
export async function readToken(programs: Programs, before: ReadPrompts, id: number): Promise<ReadPrompts> {
  const [length] = before.lengths;
  const program = await programs.read({ cached: true, pictures: false });
  const { logits, ...cache } = await program.run({
    ...pastFeeds(before.cache),
    ids: hostArray("int64", [1, 1], [id]),
    positions: hostArray("int64", [1, 1], [length]),
    mask: hostArray("int64", [1, length + 1], new BigInt64Array(length + 1).fill(1n)),
    last: hostArray("int64", [1], [0]),
  });
  return { cache, logits, lengths: [length + 1], padded: length + 1 };
}

/** Rows of an array along its first axis. */
export function rowsOf(array: HostArray, rows: readonly number[]): HostArray {
  const size = array.shape.slice(1).reduce((a, b) => a * b, 1);
  const data = new Float32Array(rows.length * size);
  rows.forEach((row, i) => {
    data.set((array.data as Float32Array).subarray(row * size, (row + 1) * size), i * size);
  });
  return hostArray(array.dtype, [rows.length, ...array.shape.slice(1)], data);
}

/** The first rows of a drawing's context. */
export function firstRows(context: DrawingContext, count: number): DrawingContext {
  const rows = Array.from({ length: count }, (_, row) => row);
  const { cache, lengths, padded, source } = context;
  return {
    cache: Object.fromEntries(Object.entries(cache).map(([name, array]) => [name, rowsOf(array, rows)])),
    lengths: lengths.slice(0, count),
    padded,
    source: source && rowsOf(source, rows),
  };
}
