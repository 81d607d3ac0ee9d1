import { appendFile, mkdir, readdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { UserError } from "../../errors.ts";
import { systemReason } from "../../image/codec.ts";
import { ENOUGH, mostlyBad } from "./prepared-stream.ts";
import type { SampleKind } from "./sample.ts";
import { type Fields, ShardWriter } from "./shard-writer.ts";
import { listShards } from "./shards.ts";
import type { BadSample } from "./stream.ts";

/** A sample to write, or one that cannot be. */
export type BuiltSample = { fields: Fields; kinds: readonly SampleKind[] } | { bad: BadSample };

/** Samples that become shards, in an order that is always the same. */
export interface BuildSource {
  /** What messages call it. */
  path: string;
  /** All that what it gives depends on; plain JSON. */
  about: Record<string, unknown>;
  /** Each is written to a folder of its own; "" is the data set's. */
  parts: readonly BuildPart[];
  close(): Promise<void>;
}

export interface BuildPart {
  folder: string;
  /** Samples in it, the bad ones among them, where that is known. */
  count?: number;
  /** From the sample of that number on. */
  samples(from: number): AsyncIterable<BuiltSample>;
}

export interface BuildOptions {
  /** The folder to write. */
  output: string;
  /** Samples in a shard, the bad ones among them, which are left out. */
  shardSize: number;
  signal?: AbortSignal;
  onProgress?: (progress: BuildProgress) => void;
  onBad?: (bad: BadSample) => void;
}

export interface BuildProgress {
  /** Samples written and left out so far, of how many, where that is known. */
  done: number;
  of?: number;
}

/** What a build has come to; `dataset.json` holds it. */
export interface BuildState {
  format: typeof FORMAT;
  /** What it is made from, and how. */
  about: Record<string, unknown>;
  shardSize: number;
  isComplete: boolean;
  /** By part: the shards that are finished, the samples in them, and those that were left out. */
  parts: Record<string, { shards: number; samples: number; bad: number }>;
  kinds: Partial<Record<SampleKind, number>>;
}

const FORMAT = "unipic-shards/1";
const STATE_FILE = "dataset.json";
const BAD_FILE = "bad-samples.jsonl";

/**
 * Writes samples as tar shards. Each shard appears whole or not at all, and a build that was stopped goes on behind the last one; the same
 * source gives the same bytes. Bad samples are left out, counted in `dataset.json` and named in `bad-samples.jsonl`.
 *
 * @throws UserError when the folder holds something else, the source is mostly bad, or nothing can be written
 */
export async function buildShards(source: BuildSource, options: BuildOptions): Promise<BuildState> {
  const { output, shardSize } = options;
  const state = await readState(output, source, shardSize);
  if (state.isComplete) return state;
  await writeState(output, state);
  for (const part of source.parts) await buildPart(source, part, state, options);
  const { samples, bad } = totals(state);
  if (bad > samples) throw mostlyBad(source, { read: samples + bad, bad });
  if (samples === 0) throw new UserError(`There is nothing to build from in "${source.path}".`);
  state.isComplete = true;
  await writeState(output, state);
  return state;
}

/** Samples in all parts, and those left out. */
export function totals({ parts }: BuildState): { shards: number; samples: number; bad: number } {
  const sum = (count: "shards" | "samples" | "bad") =>
    Object.values(parts).reduce((total, part) => total + part[count], 0);
  return { shards: sum("shards"), samples: sum("samples"), bad: sum("bad") };
}

async function buildPart(
  source: BuildSource,
  part: BuildPart,
  state: BuildState,
  options: BuildOptions,
): Promise<void> {
  const { output, shardSize } = options;
  state.parts[part.folder] ??= { shards: 0, samples: 0, bad: 0 };
  const done = state.parts[part.folder];
  const from = done.shards * shardSize;
  if (part.count !== undefined && from >= part.count) return;
  const samples = part.samples(from)[Symbol.asyncIterator]();
  try {
    for (let first = await samples.next(); !first.done; first = await samples.next()) {
      const path = join(output, part.folder, `${String(done.shards).padStart(6, "0")}.tar`);
      const shard = await buildShard(path, upTo(shardSize, first.value, samples), done.samples, (counts, bad) =>
        follow(source, part, state, counts, bad, options),
      );
      if (shard.bad.length > 0) {
        await appendFile(join(output, BAD_FILE), shard.bad.map((bad) => `${JSON.stringify(bad)}\n`).join(""));
      }
      done.shards++;
      done.samples += shard.samples;
      done.bad += shard.bad.length;
      for (const [kind, count] of shard.kinds) state.kinds[kind] = (state.kinds[kind] ?? 0) + count;
      await writeState(output, state);
    }
  } finally {
    await samples.return?.();
  }
}

interface BuiltShard {
  samples: number;
  bad: BadSample[];
  kinds: Map<SampleKind, number>;
}

/** @param key the number of its first sample */
async function buildShard(
  path: string,
  samples: AsyncIterable<BuiltSample>,
  key: number,
  onSample: (shard: BuiltShard, bad?: BadSample) => void,
): Promise<BuiltShard> {
  const writer = await ShardWriter.open(path);
  const shard: BuiltShard = { samples: 0, bad: [], kinds: new Map() };
  try {
    for await (const sample of samples) {
      if ("bad" in sample) shard.bad.push(sample.bad);
      else {
        await writer.add(String(key + shard.samples).padStart(9, "0"), sample.fields);
        shard.samples++;
        for (const kind of sample.kinds) shard.kinds.set(kind, (shard.kinds.get(kind) ?? 0) + 1);
      }
      onSample(shard, "bad" in sample ? sample.bad : undefined);
    }
    await writer.finish();
    return shard;
  } catch (error) {
    await writer.discard();
    throw error;
  }
}

/** The first samples of what is left; the rest stays to be read. */
async function* upTo<Item>(count: number, first: Item, rest: AsyncIterator<Item>): AsyncGenerator<Item> {
  yield first;
  for (let given = 1; given < count; given++) {
    const { done, value } = await rest.next();
    if (done) return;
    yield value;
  }
}

/** After every sample: tells of it, stops where it should. */
function follow(
  source: BuildSource,
  part: BuildPart,
  state: BuildState,
  shard: BuiltShard,
  bad: BadSample | undefined,
  { signal, onProgress, onBad }: BuildOptions,
): void {
  signal?.throwIfAborted();
  if (bad) onBad?.(bad);
  const own = state.parts[part.folder];
  const counts = { read: own.samples + own.bad + shard.samples + shard.bad.length, bad: own.bad + shard.bad.length };
  if (counts.read >= ENOUGH && counts.bad * 2 > counts.read) throw mostlyBad(source, counts, bad);
  const all = totals(state);
  const known = source.parts.map(({ count }) => count);
  onProgress?.({
    done: all.samples + all.bad + shard.samples + shard.bad.length,
    of: known.some((count) => count === undefined) ? undefined : known.reduce((sum, count) => sum! + count!, 0),
  });
}

/** Where a build in the folder stands, or the beginning of one. */
async function readState(output: string, { about }: BuildSource, shardSize: number): Promise<BuildState> {
  const fresh: BuildState = { format: FORMAT, about, shardSize, isComplete: false, parts: {}, kinds: {} };
  try {
    await mkdir(output, { recursive: true });
    await readdir(output);
  } catch (error) {
    throw new UserError(`Shards cannot be written to "${output}": ${systemReason(error)}.`);
  }
  const text = await readFile(join(output, STATE_FILE), "utf8").catch(() => undefined);
  if (text === undefined) {
    const [shard] = await listShards(output);
    if (shard === undefined) return fresh;
    throw new UserError(`There are shards in "${output}" already; name another folder with --output.`);
  }
  const found = parseState(text);
  if (found && found.shardSize === shardSize && isDeepStrictEqual(found.about, JSON.parse(JSON.stringify(about))))
    return found;
  throw new UserError(
    `"${output}" holds a data set that was built otherwise; name another folder with --output, or delete it.`,
  );
}

function parseState(text: string): BuildState | undefined {
  try {
    const state = JSON.parse(text) as BuildState;
    const counts = Object.values(state.parts).flatMap(({ shards, samples, bad }) => [shards, samples, bad]);
    const isWhole = [...counts, state.shardSize].every((count) => Number.isInteger(count) && count >= 0);
    return state.format === FORMAT && isWhole && typeof state.kinds === "object" ? state : undefined;
  } catch {
    return undefined;
  }
}

async function writeState(output: string, state: BuildState): Promise<void> {
  const path = join(output, STATE_FILE);
  try {
    await writeFile(`${path}.tmp`, `${JSON.stringify(state, null, 2)}\n`);
    await rename(`${path}.tmp`, path);
  } catch (error) {
    throw new UserError(`Cannot write "${path}": ${systemReason(error)}.`);
  }
}
