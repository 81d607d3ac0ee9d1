import { mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { toFloat16Bytes } from "../checkpoint/index.ts";
import {
  type BadSample,
  everySample,
  type Fields,
  mostlyBad,
  type PictureJobs,
  pictureJobs,
  type Sample,
  type SampleSet,
  type Shard,
  ShardWriter,
  serves,
  unreadable,
} from "../data/sets/index.ts";
import { picturesAhead } from "../data/sets/pictures.ts";
import { ENOUGH, rolesOf } from "../data/sets/prepared-stream.ts";
import { latentField, type PictureRole } from "../data/sets/sample.ts";
import { UserError } from "../errors.ts";
import { systemReason } from "../image/codec.ts";
import { nativeSide, tokenWidth, type UniPicConfig } from "../models/config.ts";
import { encodeTokens } from "../models/vae.ts";
import { Scope } from "../nn/scope.ts";
import type { Engine, EngineOptions } from "../runtime/engine.ts";
import { Program } from "../runtime/program.ts";
import { input, reshape } from "../tensor/index.ts";
import { inOrder } from "../threads.ts";
import { latentFile, latentFileStart, latentFolder } from "./latent-set.ts";
import type { Values } from "./parameters.ts";
import { pixelArray } from "./pixel-array.ts";
import type { DataProgress } from "./prepare-data.ts";

export interface CacheLatentsOptions {
  config: UniPicConfig;
  vae: Values;
  /** See `latentKeyOf` in latent-set.ts. */
  key: string;
  engine: Engine;
  device: EngineOptions;
  /** Threads that decode pictures. */
  threads: number;
  signal?: AbortSignal;
  onProgress?: (progress: DataProgress) => void;
  onBad?: (bad: BadSample) => void;
}

/** Samples encoded at once. */
const TOGETHER = 16;

/**
 * Encodes a data set's pictures once and for all: beside it, in `.latents`, a shard of float16 latents for each of its shards. Shards
 * that are there already are left; each appears whole or not at all, so what was stopped goes on where it was. Only what is drawn is
 * encoded, for looking needs pixels.
 *
 * @throws UserError when the data set is mostly bad, or the folder cannot be written to
 */
export async function cacheLatents(set: SampleSet, options: CacheLatentsOptions): Promise<void> {
  const folder = await latentFolder(set, options.key);
  try {
    await mkdir(folder, { recursive: true });
  } catch (error) {
    throw new UserError(`Latents cannot be kept in "${folder}": ${systemReason(error)}.`);
  }
  const there = new Set(await readdir(folder));
  const wanted = await Promise.all(set.shards.map(async (shard) => ({ shard, file: await latentFile(shard) })));
  if (wanted.every(({ file }) => there.has(file))) return;
  const encoder = await LatentEncoder.build(options);
  const jobs = pictureJobs(options.threads);
  const counts = { read: 0, bad: 0, samples: 0 };
  const missing = wanted.filter(({ file }) => !there.has(file));
  let last: BadSample | undefined;
  const judge = (least: number) => {
    if (counts.read >= least && counts.bad * 2 > counts.read) throw mostlyBad(set, counts, last);
  };
  try {
    for (const { shard, file } of missing) {
      const stale = [...there].filter((name) => name.startsWith(latentFileStart(shard)));
      const writer = await ShardWriter.open(join(folder, file));
      try {
        for await (const encoded of encodeShard(set, shard, options, encoder, jobs)) {
          options.signal?.throwIfAborted();
          counts.read++;
          if ("bad" in encoded) {
            counts.bad++;
            last = encoded.bad;
            options.onBad?.(last);
          } else await writer.add(String(counts.samples++).padStart(8, "0"), encoded.fields);
          judge(ENOUGH);
        }
        await writer.finish();
        const done = wanted.findIndex((each) => each.file === file) + 1;
        options.onProgress?.({ phase: "latents", path: set.path, done, of: wanted.length });
      } catch (error) {
        await writer.discard();
        throw error;
      }
      await Promise.all(stale.map((name) => rm(join(folder, name))));
    }
    // What is left of a set after a stop is too little to judge it by.
    if (missing.length === wanted.length) judge(1);
  } finally {
    await Promise.all([jobs.close(), encoder.release()]);
  }
}

type Encoded = { fields: Fields } | { bad: BadSample };
type Decoded = { sample: Sample; pixels: Map<PictureRole, Uint8Array> } | { bad: BadSample };

async function* encodeShard(
  set: SampleSet,
  shard: Shard,
  { config, threads }: CacheLatentsOptions,
  encoder: LatentEncoder,
  jobs: PictureJobs,
): AsyncGenerator<Encoded> {
  const size = config.mar.img_size;
  const decode = async (item: StreamedSample): Promise<Decoded> => {
    if ("bad" in item) return item;
    const pixels = new Map<PictureRole, Uint8Array>();
    for (const role of rolesOf(item.sample)) {
      const bytes = item.sample.pictures[role]!;
      const prepared = await jobs.run({ kind: "prepare", bytes, size, squaring: "crop" });
      if (prepared.reason !== undefined) return { bad: { name: item.name, reason: unreadable(role, prepared.reason) } };
      pixels.set(role, prepared.bytes);
    }
    return { sample: item.sample, pixels };
  };
  let group: Decoded[] = [];
  for await (const decoded of inOrder(drawable(set, shard), picturesAhead(threads), decode)) {
    group.push(decoded);
    if (group.length < TOGETHER) continue;
    yield* await encodeGroup(group, encoder);
    group = [];
  }
  if (group.length > 0) yield* await encodeGroup(group, encoder);
}

type StreamedSample = { sample: Sample; name: string } | { bad: BadSample };

/** A shard's samples that drawing learns from, and its bad ones. */
async function* drawable(set: SampleSet, shard: Shard): AsyncGenerator<StreamedSample> {
  for await (const item of everySample({ ...set, shards: [shard] })) {
    if ("bad" in item || serves(item.sample, "generation") || serves(item.sample, "editing")) yield item;
  }
}

async function encodeGroup(group: readonly Decoded[], encoder: LatentEncoder): Promise<Encoded[]> {
  const latents = await encoder.encode(group.flatMap((item) => ("bad" in item ? [] : [...item.pixels.values()])));
  let next = 0;
  return group.map((item) => {
    if ("bad" in item) return item;
    const fields = [...item.pixels.keys()].map((role) => [latentField(role), latents[next++]] as const);
    return { fields: [...fields, ["json", new TextEncoder().encode(JSON.stringify(item.sample.texts))]] };
  });
}

/** The autoencoder's first half, as a program. */
class LatentEncoder {
  private constructor(
    private readonly program: Program,
    private readonly size: number,
  ) {}

  static async build({ config, vae, engine, device }: CacheLatentsOptions): Promise<LatentEncoder> {
    const { mar } = config;
    const size = mar.img_size;
    const tokens = encodeTokens(
      Scope.root().child("vae"),
      config,
      input("pixels", "float32", ["batch", 3, size, size]),
    );
    const latents = reshape(tokens, ["batch", nativeSide(mar) ** 2, tokenWidth(mar)]);
    const parameters = (name: string, shape: readonly number[]) => ({
      data: vae.get(name)!.data as Float32Array,
      shape,
    });
    return new LatentEncoder(await Program.compile(engine, { latents }, { fused: true, parameters }, device), size);
  }

  /** RGB bytes [size, size, 3] of pictures to float16 latents [places, token]. */
  async encode(pictures: readonly Uint8Array[]): Promise<Uint8Array[]> {
    if (pictures.length === 0) return [];
    const { latents } = await this.program.run({ pixels: pixelArray(pictures, this.size) });
    const bytes = toFloat16Bytes(latents.data as Float32Array);
    const each = bytes.length / pictures.length;
    return pictures.map((_, i) => bytes.slice(i * each, (i + 1) * each));
  }

  release(): Promise<void> {
    return this.program.release();
  }
}
