import { featureRows } from "../models/unipic.ts";
import { isOnDevice, releaseValues, type Value } from "../runtime/values.ts";
import { type HostArray, hostArray } from "../tensor/dtype.ts";
import { hostRows } from "./host-rows.ts";
import { emptyCache, type KvCache, lengthen, pastFeeds } from "./kv-cache.ts";
import type { Programs } from "./programs.ts";
import type { DrawingContext } from "./round-feeds.ts";

/** What the language model has read. */
export interface ReadContext {
  cache: KvCache;
  /** Tokens of each row. */
  lengths: number[];
}

/** Prompts that the language model has read, and how it would go on. */
export interface ReadPrompts extends ReadContext {
  /** After each row's last token: [rows, vocabulary]. */
  logits: HostArray;
}

/** Image features for the `<image>` tokens of prompts: [pictures, count, hidden]; row b sees picture b, counted round and round. */
export interface PromptPictures {
  features: Value;
  imageToken: number;
}

/** Reads prompts of any length together, with image features in place of their `<image>` tokens. */
export async function readPrompts(
  programs: Programs,
  prompts: readonly (readonly number[])[],
  pictures?: PromptPictures,
): Promise<ReadPrompts> {
  const { states, fresh, lengths } = await readFirst(programs, prompts, pictures);
  return { cache: fresh, lengths, logits: await logitsAt(programs, states, lengths) };
}

/** Reads prompts as {@link readPrompts} does, where no text is to follow them. */
export async function readContexts(
  programs: Programs,
  prompts: readonly (readonly number[])[],
  pictures?: PromptPictures,
): Promise<ReadContext> {
  const { states, fresh, lengths } = await readFirst(programs, prompts, pictures);
  releaseValues([states]);
  return { cache: fresh, lengths };
}

/** Reads more of a single row after what was read before, as if all of it had been read together. What was read before stays valid. */
export async function readOn(
  programs: Programs,
  before: ReadContext,
  ids: readonly number[],
  pictures?: PromptPictures,
): Promise<ReadPrompts> {
  const { states, fresh } = await readAfter(programs, before, [ids], pictures);
  const [past] = before.lengths;
  const cache = await lengthen(programs, before.cache, past, fresh);
  releaseValues(fresh);
  return { cache, lengths: [past + ids.length], logits: await logitsAt(programs, states, [ids.length]) };
}

/** What a pass of the language model gives: its states [rows, length, hidden], and keys and values of all tokens. */
interface Pass {
  states: Value;
  fresh: KvCache;
}

async function readFirst(
  programs: Programs,
  prompts: readonly (readonly number[])[],
  pictures?: PromptPictures,
): Promise<Pass & { lengths: number[] }> {
  const lengths = prompts.map((ids) => ids.length);
  const padded = Math.max(...lengths);
  const rows = prompts.map((ids) => [...ids, ...new Array<number>(padded - ids.length).fill(0)]);
  const nothing = { cache: emptyCache(programs.config, rows.length), lengths: rows.map(() => 0) };
  return { ...(await readAfter(programs, nothing, rows, pictures)), lengths };
}

/** Reads rows of equally many tokens; those that pad a row at its end come after all others, so none of these sees them. */
async function readAfter(
  programs: Programs,
  { cache, lengths }: ReadContext,
  rows: readonly (readonly number[])[],
  pictures?: PromptPictures,
): Promise<Pass> {
  const [{ length }] = rows;
  const shape = [rows.length, length];
  const { embeddings } = await programs.embed(pictures !== undefined).runOnDevice({
    ids: hostArray("int64", shape, rows.flat()),
    ...(pictures ? pictureFeeds(rows, pictures) : {}),
  });
  const { states, ...fresh } = await programs.language().runOnDevice({
    ...pastFeeds(cache),
    embeddings,
    positions: hostArray(
      "int64",
      shape,
      lengths.flatMap((before) => counted(length, before)),
    ),
    before: hostArray("int64", [rows.length], lengths),
    keep: hostArray("int64", [length], counted(length)),
  });
  releaseValues([embeddings]);
  return { states, fresh };
}

function pictureFeeds(
  rows: readonly (readonly number[])[],
  { features, imageToken }: PromptPictures,
): Record<string, Value> {
  const [pictures, count] = features.shape;
  const source = featureRows(rows, imageToken, count, pictures);
  return { features, source: hostArray("int64", [rows.length, rows[0].length], source) };
}

/** Logits after the last of each row's tokens. The states are released. */
async function logitsAt(programs: Programs, states: Value, lengths: readonly number[]): Promise<HostArray> {
  const last = lengths.map((length, row) => row * states.shape[1] + length - 1);
  const { logits } = await programs.logits().run({ states, last: hostArray("int64", [last.length], last) });
  releaseValues([states]);
  return logits;
}

/** The first `length` tokens of what was read of a single row, as they were before more was read. The rest is released. */
export async function cutBack(
  programs: Programs,
  { cache }: Pick<ReadContext, "cache">,
  length: number,
): Promise<ReadContext> {
  const kept = counted(length);
  const cut = Object.entries(cache).map(async ([name, value]) => {
    // In host memory a cache may have more room than its row has tokens.
    return [name, isOnDevice(value) ? await rowsOf(programs, value, kept, 2) : value] as const;
  });
  const shorter = Object.fromEntries(await Promise.all(cut));
  releaseValues(cache);
  return { cache: shorter, lengths: [length] };
}

/** Rows of an array along its first axis, or another; a new array that lies where the old one does. */
export async function rowsOf(
  programs: Pick<Programs, "rows">,
  array: Value,
  rows: readonly number[],
  axis = 0,
): Promise<Value> {
  const program = programs.rows(array, axis);
  const { chosen } = await program.runOnDevice({ x: array, rows: hostArray("int64", [rows.length], rows) });
  return chosen;
}

/** `length` numbers from `first` on. */
const counted = (length: number, first = 0): number[] => Array.from({ length }, (_, i) => first + i);

/** The first rows of a drawing's context. In host memory they are not copied. */
export async function firstRows(
  programs: Pick<Programs, "rows">,
  { cache, lengths, sources }: DrawingContext,
  count: number,
): Promise<DrawingContext> {
  const entries = Object.entries(cache).map(async ([name, value]) => {
    return [
      name,
      isOnDevice(value) ? await rowsOf(programs, value, counted(count)) : hostRows(value, 0, count),
    ] as const;
  });
  return { cache: Object.fromEntries(await Promise.all(entries)), lengths: lengths.slice(0, count), sources };
}
