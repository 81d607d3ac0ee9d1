import { UserError } from "../errors.ts";

/** Qwen2 decoder sizes; names as in Hugging Face's config.json. */
export interface Qwen2Config {
  vocab_size: number;
  hidden_size: number;
  num_hidden_layers: number;
  num_attention_heads: number;
  num_key_value_heads: number;
  intermediate_size: number;
  rope_theta: number;
  rms_norm_eps: number;
  tie_word_embeddings: boolean;
}

/** Masked autoregressive encoder and decoder with the diffusion head; names as in MAR (arXiv 2406.11838). */
export interface MarConfig {
  /** Side in pixels of the native grid. */
  img_size: number;
  vae_stride: number;
  patch_size: number;
  encoder_embed_dim: number;
  encoder_depth: number;
  encoder_num_heads: number;
  decoder_embed_dim: number;
  decoder_depth: number;
  decoder_num_heads: number;
  mlp_ratio: number;
  vae_embed_dim: number;
  buffer_size: number;
  diffloss_d: number;
  diffloss_w: number;
  /**
   * What the head's output means. `epsilon`, the official model: the noise. `velocity` (arXiv 2202.00512): sqrt(abar) noise -
   * sqrt(1 - abar) clean, from which the noise follows without the amplification of errors, up to 1 / sqrt(abar), that makes a little
   * trained `epsilon` head diverge when sampling.
   */
  prediction: "epsilon" | "velocity";
  /** Denoising steps of one token when sampling. */
  num_sampling_steps: string;
  /** How often each target token is repeated, with fresh noise, in the training loss. */
  diffusion_batch_mul: number;
  /** Lower end of the mask rate in training. */
  mask_ratio_min: number;
  norm_eps: number;
}

/** The KL autoencoder of latent diffusion (arXiv 2112.10752): convolutions, one halving between levels. */
export interface KlVaeConfig {
  type?: "kl";
  embed_dim: number;
  ch: number;
  ch_mult: number[];
}

/** Our small autoencoder: a linear patch encoder (started from principal components) under a convolutional decoder. */
export interface PatchVaeConfig {
  type: "patch";
  embed_dim: number;
  /** Side of a patch in pixels: the stride of the latent grid. */
  patch: number;
  /** Channels of the decoder. */
  ch: number;
  /** Residual blocks at the resolution of the latents, and then after each doubling. */
  num_res_blocks: number;
}

export type VaeConfig = KlVaeConfig | PatchVaeConfig;

/** SigLIP2 vision tower; names as in Hugging Face's config.json. */
export interface Siglip2Config {
  hidden_size: number;
  num_hidden_layers: number;
  num_attention_heads: number;
  intermediate_size: number;
  image_size: number;
  patch_size: number;
  layer_norm_eps: number;
  hidden_act: "gelu_pytorch_tanh";
}

/** Everything that shapes a UniPic model: the `config.json` of a checkpoint. */
export interface UniPicConfig {
  model_type: "unipic";
  llm: Qwen2Config;
  mar: MarConfig;
  vae: VaeConfig;
  /** Latents are multiplied by this to have a standard deviation near one. */
  vae_scale: number;
  siglip2: Siglip2Config;
  /** The cap on every beta of the noise schedule: 0.2 for UniPic, 0.999 for MAR and Harmon. */
  max_beta: number;
}

/** Tokens along one side of the native grid. */
export const nativeSide = (mar: MarConfig): number => mar.img_size / (mar.vae_stride * mar.patch_size);

/** Numbers in one latent token. */
export const tokenWidth = (mar: MarConfig): number => mar.vae_embed_dim * mar.patch_size ** 2;

/** Reads a parsed `config.json`, naming what is missing or not a sensible size. Sizes are bounded: a file may come from anywhere. */
export function parseConfig(json: unknown, where = "config.json"): UniPicConfig {
  const config = requireObject(json, where);
  const llm = requireObject(config.llm, `${where}: llm`);
  const mar = requireObject(config.mar, `${where}: mar`);
  const vae = requireObject(config.vae, `${where}: vae`);
  const siglip2 = requireObject(config.siglip2, `${where}: siglip2`);
  for (const key of QWEN2_SIZES) requireSize(llm, key, `${where}: llm`);
  for (const key of MAR_SIZES) requireSize(mar, key, `${where}: mar`);
  for (const key of SIGLIP2_SIZES) requireSize(siglip2, key, `${where}: siglip2`);
  for (const key of vae.type === "patch" ? PATCH_SIZES : KL_SIZES) requireSize(vae, key, `${where}: vae`);
  if (!["epsilon", "velocity", undefined].includes(mar.prediction as string | undefined)) {
    throw new UserError(
      `${where}: mar.prediction must be "epsilon" or "velocity", not ${JSON.stringify(mar.prediction)}.`,
    );
  }
  return {
    model_type: "unipic",
    llm: { tie_word_embeddings: true, rms_norm_eps: 1e-6, rope_theta: 1e6, ...llm },
    mar: {
      mask_ratio_min: 0.7,
      diffusion_batch_mul: 4,
      num_sampling_steps: "100",
      norm_eps: 1e-6,
      prediction: "epsilon",
      ...mar,
    },
    vae,
    vae_scale: typeof config.vae_scale === "number" ? config.vae_scale : 0.2325,
    siglip2: { layer_norm_eps: 1e-6, hidden_act: "gelu_pytorch_tanh", ...siglip2 },
    max_beta: typeof config.max_beta === "number" ? config.max_beta : 0.2,
  } as unknown as UniPicConfig;
}

const QWEN2_SIZES = [
  "vocab_size",
  "hidden_size",
  "num_hidden_layers",
  "num_attention_heads",
  "num_key_value_heads",
  "intermediate_size",
];
const MAR_SIZES = [
  "img_size",
  "vae_stride",
  "patch_size",
  "encoder_embed_dim",
  "encoder_depth",
  "encoder_num_heads",
  "decoder_embed_dim",
  "decoder_depth",
  "decoder_num_heads",
  "mlp_ratio",
  "vae_embed_dim",
  "buffer_size",
  "diffloss_d",
  "diffloss_w",
];
const SIGLIP2_SIZES = [
  "hidden_size",
  "num_hidden_layers",
  "num_attention_heads",
  "intermediate_size",
  "image_size",
  "patch_size",
];
const KL_SIZES = ["embed_dim", "ch"];
const PATCH_SIZES = ["embed_dim", "patch", "ch", "num_res_blocks"];

type Json = Record<string, unknown>;

function requireObject(value: unknown, where: string): Json {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Json;
  throw new UserError(`${where} is missing or not an object, so this is not a UniPic checkpoint's configuration.`);
}

function requireSize(part: Json, key: string, where: string): void {
  const value = part[key];
  if (typeof value !== "number" || !(value > 0) || value > 1_000_000) {
    throw new UserError(`${where}.${key} must be a number between 0 and 1,000,000, not ${JSON.stringify(value)}.`);
  }
}
