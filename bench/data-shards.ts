/** Data sets to measure with: many shards that take the disk space of a few. */
import { randomFillSync } from "node:crypto";
import { link, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { caption, planScene } from "../src/data/index.ts";
import { type Fields, ShardWriter } from "../src/data/sets/index.ts";
import { drawWorldSample } from "../src/data/sets/world-samples.ts";
import { Random } from "../src/random.ts";

/** Records in every shard, as `unipic data build` makes them. */
export const SHARD_RECORDS = 1000;
/** Shards that are written; all others are further names (hard links) of these. A file system may allow no more than 65,000 names of one. */
const WRITTEN = 4;

/** What a record holds: latents, of so many bytes, which nothing has to decode, or a picture with a side of so many pixels, as PNG. */
export type RecordKind = { latents: number } | { picture: number };

/** Writes the shards that data sets are made of, and gives their files. */
export async function writeShards(folder: string, kind: RecordKind, signal: AbortSignal): Promise<string[]> {
  const files: string[] = [];
  for (let shard = 0; shard < WRITTEN; shard++) {
    const path = join(folder, `${shard}.tar`);
    const writer = await ShardWriter.open(path);
    for (let record = 0; record < SHARD_RECORDS; record++) {
      signal.throwIfAborted();
      const index = shard * SHARD_RECORDS + record;
      await writer.add(String(index).padStart(9, "0"), await fieldsOf(kind, index));
    }
    await writer.finish();
    files.push(path);
  }
  return files;
}

async function fieldsOf(kind: RecordKind, index: number): Promise<Fields> {
  if ("picture" in kind) {
    const job = { seed: 1, kind: "text-to-image", index, size: kind.picture, format: "png" } as const;
    return (await drawWorldSample(job)).result;
  }
  const random = new Random(index);
  const json = JSON.stringify({ caption: caption(random, planScene(random)) });
  return [
    ["latents", randomFillSync(new Uint8Array(kind.latents))],
    ["json", new TextEncoder().encode(json)],
  ];
}

/** A data set of so many records, in folders of at most a thousand shards. */
export async function linkSet(folder: string, files: readonly string[], records: number): Promise<void> {
  for (let shard = 0; shard < records / SHARD_RECORDS; shard++) {
    const part = join(folder, String(Math.floor(shard / 1000)).padStart(3, "0"));
    if (shard % 1000 === 0) await mkdir(part, { recursive: true });
    await link(files[shard % files.length], join(part, `${String(shard % 1000).padStart(3, "0")}.tar`));
  }
}
