import { createHash } from "node:crypto";
import { access, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { SampleSet, Shard } from "../data/sets/index.ts";
import { tarShard } from "../data/sets/tar-shard.ts";
import { nativeSide, tokenWidth, type UniPicConfig } from "../models/config.ts";
import type { Values } from "./parameters.ts";

/** Where latents are kept in a data set's folder; names that begin with a dot are not taken for data. */
export const LATENT_FOLDER = ".latents";

/** Bytes of one picture's latents in float16: [places, token]. */
export const latentBytes = ({ mar }: UniPicConfig): number => nativeSide(mar) ** 2 * tokenWidth(mar) * 2;

/** Names the latents that an autoencoder makes of pictures of a model's size: other weights or another size give another name. */
export function latentKeyOf({ mar, vae, vae_scale }: UniPicConfig, weights: Values): string {
  const hash = createHash("sha256");
  hash.update(JSON.stringify([vae, vae_scale, mar.patch_size, mar.img_size]));
  for (const name of [...weights.keys()].filter((each) => each.startsWith("vae.")).sort()) {
    const { shape, data } = weights.get(name)!;
    hash.update(JSON.stringify([name, shape]));
    hash.update(new Uint8Array(data.buffer as ArrayBuffer, data.byteOffset, data.byteLength));
  }
  return `${mar.img_size}px-${hash.digest("hex").slice(0, 16)}`;
}

/** The folder of a data set's latents. */
export async function latentFolder(set: SampleSet, key: string): Promise<string> {
  const isFolder = (await stat(set.path)).isDirectory();
  return join(isFolder ? set.path : dirname(set.path), LATENT_FOLDER, key);
}

/** What the file of a shard's latents begins with, whatever the shard holds. */
export const latentFileStart = ({ name }: Shard): string => `${encodeURIComponent(name.replace(/\.tar$/, ""))}-`;

/** The file of a shard's latents: named after what the shard holds, so that latents of an earlier state are not taken for these. */
export async function latentFile(shard: Shard): Promise<string> {
  const hash = createHash("sha256").update(await shard.fingerprint());
  return `${latentFileStart(shard)}${hash.digest("hex").slice(0, 12)}.tar`;
}

/**
 * A data set's latents, as a data set: the same samples in the same shards, with latents in the place of pictures.
 *
 * @throws Error when they have not been made, see `cacheLatents` in latent-cache.ts
 */
export async function openLatents(set: SampleSet, key: string): Promise<SampleSet> {
  const folder = await latentFolder(set, key);
  const shards = await Promise.all(
    set.shards.map(async (shard) => {
      const file = join(folder, await latentFile(shard));
      await access(file);
      return tarShard(file, shard.name);
    }),
  );
  return { path: set.path, form: "shards", shards };
}
