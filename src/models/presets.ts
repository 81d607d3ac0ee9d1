import { UserError } from "../errors.ts";
import type { UniPicConfig } from "./config.ts";

/** The official model's sizes (arXiv 2508.03320, section 3): 1.5 B for the language model, 3 B in all with its parts. */
export const unipic15b: UniPicConfig = {
  model_type: "unipic",
  llm: {
    vocab_size: 151_936,
    hidden_size: 1536,
    num_hidden_layers: 28,
    num_attention_heads: 12,
    num_key_value_heads: 2,
    intermediate_size: 8960,
    rope_theta: 1e6,
    rms_norm_eps: 1e-6,
    tie_word_embeddings: true,
  },
  mar: {
    img_size: 512,
    vae_stride: 16,
    patch_size: 1,
    encoder_embed_dim: 1280,
    encoder_depth: 20,
    encoder_num_heads: 16,
    decoder_embed_dim: 1280,
    decoder_depth: 20,
    decoder_num_heads: 16,
    mlp_ratio: 4,
    vae_embed_dim: 16,
    buffer_size: 64,
    diffloss_d: 12,
    diffloss_w: 1536,
    prediction: "epsilon",
    num_sampling_steps: "100",
    diffusion_batch_mul: 4,
    mask_ratio_min: 0.7,
    norm_eps: 1e-6,
  },
  vae: { type: "kl", embed_dim: 16, ch: 128, ch_mult: [1, 1, 2, 2, 4] },
  vae_scale: 0.2325,
  siglip2: {
    hidden_size: 1152,
    num_hidden_layers: 27,
    num_attention_heads: 16,
    intermediate_size: 4304,
    image_size: 512,
    patch_size: 16,
    layer_norm_eps: 1e-6,
    hidden_act: "gelu_pytorch_tanh",
  },
  max_beta: 0.2,
};

/**
 * Ours: small enough to train on two processor cores and to ship in the package. 64x64 pictures, a 4x4 grid of tokens
 * of 64 numbers (2x2 neighbours of an 8x8 grid of latents): few tokens make many samples a second.
 */
export const unipicMini: UniPicConfig = {
  model_type: "unipic",
  llm: {
    vocab_size: 640,
    hidden_size: 192,
    num_hidden_layers: 3,
    num_attention_heads: 4,
    num_key_value_heads: 2,
    intermediate_size: 512,
    rope_theta: 10_000,
    rms_norm_eps: 1e-6,
    tie_word_embeddings: true,
  },
  mar: {
    img_size: 64,
    vae_stride: 8,
    patch_size: 2,
    encoder_embed_dim: 192,
    encoder_depth: 2,
    encoder_num_heads: 4,
    decoder_embed_dim: 192,
    decoder_depth: 6,
    decoder_num_heads: 4,
    mlp_ratio: 4,
    vae_embed_dim: 16,
    // One for each token: with four, which have to hold what is to stand where for all of them, pairs and relations come far later.
    buffer_size: 16,
    diffloss_d: 3,
    diffloss_w: 320,
    prediction: "velocity",
    num_sampling_steps: "50",
    diffusion_batch_mul: 2,
    // Lower than the official 0.7: with so few samples the late rounds, which see most tokens, have to be shown too.
    mask_ratio_min: 0.1,
    norm_eps: 1e-6,
  },
  vae: { type: "patch", embed_dim: 16, patch: 8, ch: 64, num_res_blocks: 2 },
  vae_scale: 1,
  siglip2: {
    hidden_size: 128,
    num_hidden_layers: 6,
    num_attention_heads: 4,
    intermediate_size: 384,
    image_size: 64,
    patch_size: 8,
    layer_norm_eps: 1e-6,
    hidden_act: "gelu_pytorch_tanh",
  },
  max_beta: 0.2,
  editing_vision: true,
  layouts: true,
  changes: true,
};

const PRESETS: ReadonlyMap<string, UniPicConfig> = new Map([
  ["unipic-1.5b", unipic15b],
  ["unipic-mini", unipicMini],
]);

export const PRESET_NAMES: readonly string[] = [...PRESETS.keys()];

/** The sizes of a preset by its name; throws a UserError where there is none of this name. */
export function presetNamed(name: string): UniPicConfig {
  const config = PRESETS.get(name);
  if (!config) throw new UserError(`There is no preset "${name}"; there are ${PRESET_NAMES.join(" and ")}.`);
  return config;
}
