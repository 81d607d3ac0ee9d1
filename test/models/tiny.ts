import type { UniPicConfig } from "../../src/models/config.ts";
import { unipicMini } from "../../src/models/presets.ts";

/** A whole model that runs in milliseconds: 8x8 pictures on a 2x2 grid, and a depth of two where depth matters. */
export const tinyConfig: UniPicConfig = {
  ...unipicMini,
  editing_vision: false,
  layouts: false,
  changes: false,
  llm: {
    ...unipicMini.llm,
    vocab_size: 24,
    hidden_size: 16,
    num_hidden_layers: 2,
    num_attention_heads: 4,
    num_key_value_heads: 2,
    intermediate_size: 24,
  },
  mar: {
    ...unipicMini.mar,
    img_size: 8,
    vae_stride: 4,
    vae_embed_dim: 3,
    encoder_embed_dim: 12,
    encoder_depth: 1,
    encoder_num_heads: 2,
    decoder_embed_dim: 8,
    decoder_depth: 1,
    decoder_num_heads: 2,
    buffer_size: 2,
    diffloss_d: 1,
    diffloss_w: 8,
    num_sampling_steps: "4",
  },
  vae: { type: "patch", embed_dim: 3, patch: 4, ch: 4, num_res_blocks: 1 },
  siglip2: {
    ...unipicMini.siglip2,
    hidden_size: 12,
    num_hidden_layers: 1,
    num_attention_heads: 2,
    intermediate_size: 16,
    image_size: 8,
    patch_size: 4,
  },
};
