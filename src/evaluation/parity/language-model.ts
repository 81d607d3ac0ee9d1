import { emptyCache, type KvCache, pastFeeds } from "../../pipeline/kv-cache.ts";
import type { Programs } from "../../pipeline/programs.ts";
import { toHost } from "../../runtime/values.ts";
import { type HostArray, hostArray } from "../../tensor/dtype.ts";

/** What one pass of the language model gives. */
export interface Pass {
  /** [batch, length, hidden] */
  states: HostArray;
  /** Keys and values of the new tokens. */
  fresh: KvCache;
}

/**
 * The pipeline's language model on new embeddings [batch, length, hidden], after the first `lengths` tokens of each row of a cache. Positions go
 * on from there.
 */
export async function languagePass(
  programs: Programs,
  embeddings: HostArray,
  lengths: readonly number[] = new Array<number>(embeddings.shape[0]).fill(0),
  cache: KvCache = emptyCache(programs.config, embeddings.shape[0]),
): Promise<Pass> {
  const [batch, length] = embeddings.shape;
  const { states, ...fresh } = await programs.language().runOnDevice({
    ...pastFeeds(cache),
    embeddings,
    positions: positionsAfter(lengths, length),
    before: hostArray("int64", [batch], lengths),
    keep: hostArray("int64", [length], counted(length)),
  });
  return { states: await toHost(states), fresh };
}

/** The positions of `length` tokens after the first ones of each row: int64 [batch, length]. */
export const positionsAfter = (lengths: readonly number[], length: number): HostArray =>
  hostArray(
    "int64",
    [lengths.length, length],
    lengths.flatMap((before) => counted(length).map((i) => before + i)),
  );

/** Token ids [batch, length] as embeddings [batch, length, hidden]. */
export const embeddingsOf = async (programs: Programs, ids: HostArray): Promise<HostArray> =>
  (await programs.embed(false).run({ ids })).embeddings;

/** Logits at every token of states [batch, length, hidden]: [batch, length, vocabulary]. */
export async function logitsOf(programs: Programs, states: HostArray): Promise<HostArray> {
  const [batch, length] = states.shape;
  const last = hostArray("int64", [batch * length], counted(batch * length));
  const { logits } = await programs.logits().run({ states, last });
  return { ...logits, shape: [batch, length, logits.shape[1]] };
}

/** How many tokens each row of a mask [batch, length] has before its padding. */
export function lengthsOf({ data, shape }: HostArray): number[] {
  const [batch, length] = shape;
  return counted(batch).map(
    (row) => Array.from(data.slice(row * length, (row + 1) * length), Number).lastIndexOf(1) + 1,
  );
}

const counted = (length: number): number[] => Array.from({ length }, (_, i) => i);
