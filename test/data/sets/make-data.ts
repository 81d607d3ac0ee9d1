import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { SampleSet, Shard } from "../../../src/data/sets/record.ts";
import { ShardWriter } from "../../../src/data/sets/shard-writer.ts";
import { tarShard } from "../../../src/data/sets/tar-shard.ts";
import { encodePng } from "../../../src/image/codec.ts";
import { picture } from "../../../src/image/picture.ts";

export const text = (value: string): Uint8Array => new TextEncoder().encode(value);
export const json = (value: unknown): Uint8Array => text(JSON.stringify(value));

/** A picture of one colour as a PNG file. */
export function plainPng(color: readonly [number, number, number], width = 8, height = width): Promise<Uint8Array> {
  const data = Uint8Array.from({ length: width * height * 3 }, (_, i) => color[i % 3]);
  return encodePng(picture(width, height, data));
}

/** Bytes that nobody decodes. */
export const noPicture = text("no picture");

/** Writes files into a folder, with the folders that they lie in. */
export async function writeFiles(folder: string, files: Readonly<Record<string, string | Uint8Array>>): Promise<void> {
  for (const [name, contents] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), contents);
  }
}

/** Writes a shard of captioned pictures that are none: for what never decodes them. */
export async function writeCaptions(path: string, captions: readonly string[], start = 0): Promise<void> {
  const writer = await ShardWriter.open(path);
  for (const [i, caption] of captions.entries()) {
    await writer.add(String(start + i).padStart(6, "0"), [
      ["png", noPicture],
      ["json", json({ caption })],
    ]);
  }
  await writer.finish();
}

/** A set of shards that are written on the spot, each sample captioned with its number. */
export async function numberedShards(folder: string, sizes: readonly number[]): Promise<SampleSet> {
  const shards: Shard[] = [];
  let start = 0;
  for (const [i, size] of sizes.entries()) {
    const name = `${i}.tar`;
    const first = start;
    await writeCaptions(
      join(folder, name),
      Array.from({ length: size }, (_, at) => String(first + at)),
      start,
    );
    start += size;
    shards.push(tarShard(join(folder, name), name));
  }
  return { path: folder, form: "shards", shards };
}

/** All items of a generator. */
export async function all<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const found: Item[] = [];
  for await (const item of items) found.push(item);
  return found;
}
