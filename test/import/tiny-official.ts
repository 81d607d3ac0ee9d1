import type { StreamedTensor } from "../../src/checkpoint/index.ts";
import { toFloat32 } from "../../src/checkpoint/tensor-data.ts";
import { randomTensors } from "../../src/import/random-model.ts";
import type { UniPicConfig } from "../../src/models/config.ts";
import { unipic15b } from "../../src/models/presets.ts";

/**
 * The official model made tiny: the same parts, an autoencoder of the same kind, a head that predicts noise, and heads of attention whose
 * number follows from the widths as it does there. 16x16 pictures of 4x4 tokens natively, 32x32 when drawn.
 */
export const tinyOfficial: UniPicConfig = {
  ...unipic15b,
  llm: {
    ...unipic15b.llm,
    vocab_size: 320,
    hidden_size: 64,
    num_hidden_layers: 2,
    num_attention_heads: 4,
    num_key_value_heads: 2,
    intermediate_size: 96,
  },
  mar: {
    ...unipic15b.mar,
    img_size: 16,
    vae_stride: 4,
    encoder_embed_dim: 128,
    encoder_depth: 1,
    encoder_num_heads: 2,
    decoder_embed_dim: 64,
    decoder_depth: 2,
    decoder_num_heads: 1,
    buffer_size: 4,
    diffloss_d: 2,
    diffloss_w: 256,
  },
  vae: { type: "kl", embed_dim: 16, ch: 32, ch_mult: [1, 1, 2] },
  siglip2: {
    ...unipic15b.siglip2,
    hidden_size: 48,
    num_hidden_layers: 1,
    num_attention_heads: 3,
    intermediate_size: 64,
    image_size: 32,
    patch_size: 8,
  },
};

/** Random tensors of the tiny official model, by their names in a model folder. */
export const tinyTensors = (seed = 1): Map<string, StreamedTensor> =>
  new Map(randomTensors(tinyOfficial, seed, "BF16").map((tensor) => [tensor.name, tensor]));

/** All bytes of a tensor that comes in pieces. */
export async function bytesOf(tensor: StreamedTensor): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of tensor.pieces()) pieces.push(piece.slice());
  return Buffer.concat(pieces);
}

/** A tensor's values. */
export async function valuesOf({ name, dtype, shape, ...rest }: StreamedTensor): Promise<Float32Array> {
  return toFloat32({ name, dtype, shape, bytes: new Uint8Array(await bytesOf({ name, dtype, shape, ...rest })) });
}
