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
  /**
   * Whether an edit's prompt shows the source picture by the vision tower, too, behind what the MAR encoder tells of it. Not so in the
   * official model. What a picture shows is what the tower learns to tell, and an instruction names what it shows.
   */
  editing_vision?: boolean;
  /**
   * Whether a prompt that names three things or more is laid out: each is drawn by itself and pasted where the prompt has it, onto the background
   * (models/layout.ts, clearing.ts). Not so in the official model.
   */
  layouts?: boolean;
  /**
   * Whether what an instruction names is found in an edit's source and changed in its place (taken away, painted, turned, resized, lifted, drawn in another pose), and what is
   * new is drawn by itself and pasted where it belongs (models/changing.ts, finding.ts, placing.ts). Not so in the official model.
   */
  changes?: boolean;
}

/** Tokens along one side of the native grid. */
export const nativeSide = (mar: MarConfig): number => mar.img_size / (mar.vae_stride * mar.patch_size);

/** Patches along one side of what the vision tower sees. */
export const patchSide = (siglip2: Siglip2Config): number => siglip2.image_size / siglip2.patch_size;

/** Features of an edit's source picture in its prompt: those of the MAR encoder, and behind them the vision tower's. */
export function sourceFeatures({ mar, siglip2, editing_vision }: UniPicConfig, side = nativeSide(mar)): number {
  return side ** 2 + mar.buffer_size + (editing_vision ? patchSide(siglip2) ** 2 : 0);
}

/** Numbers in one latent token. */
export const tokenWidth = (mar: MarConfig): number => mar.vae_embed_dim * mar.patch_size ** 2;

/**
 * Reads a parsed `config.json`, naming what is missing or not a sensible size. Sizes are bounded and must go together: a file may come
 * from anywhere, and programs are traced from these numbers before any weight is looked at.
 */
export function parseConfig(json: unknown, where = "config.json"): UniPicConfig {
  const config = requireObject(json, where);
  const llm = requireObject(config.llm, `${where}: llm`);
  const mar = requireObject(config.mar, `${where}: mar`);
  const vae = requireObject(config.vae, `${where}: vae`);
  const siglip2 = requireObject(config.siglip2, `${where}: siglip2`);
  requireSizes(llm, QWEN2_SIZES, `${where}: llm`);
  requireSizes(mar, MAR_SIZES, `${where}: mar`);
  requireSizes(siglip2, SIGLIP2_SIZES, `${where}: siglip2`);
  requireSizes(vae, vae.type === "patch" ? PATCH_SIZES : KL_SIZES, `${where}: vae`);
  if (vae.type !== "patch") requireMultipliers(vae.ch_mult, `${where}: vae`);
  requireNumbers(llm, ["rope_theta", "rms_norm_eps"], `${where}: llm`);
  requireNumbers(mar, ["norm_eps", "mask_ratio_min", "diffusion_batch_mul"], `${where}: mar`);
  requireNumbers(siglip2, ["layer_norm_eps"], `${where}: siglip2`);
  requireNumbers(config, ["vae_scale", "max_beta"], where);
  if (!["epsilon", "velocity", undefined].includes(mar.prediction as string | undefined)) {
    throw new UserError(
      `${where}: mar.prediction must be "epsilon" or "velocity", not ${JSON.stringify(mar.prediction)}.`,
    );
  }
  requireSwitch(config, "editing_vision", `${where}: `);
  requireSwitch(config, "layouts", `${where}: `);
  requireSwitch(config, "changes", `${where}: `);
  const parsed = {
    model_type: "unipic",
    llm: { tie_word_embeddings: true, rms_norm_eps: 1e-6, rope_theta: 1e6, ...llm },
    mar: {
      mask_ratio_min: 0.7,
      diffusion_batch_mul: 4,
      norm_eps: 1e-6,
      prediction: "epsilon",
      ...mar,
      num_sampling_steps: String(mar.num_sampling_steps ?? "100"),
    },
    vae,
    vae_scale: config.vae_scale ?? 0.2325,
    siglip2: { layer_norm_eps: 1e-6, hidden_act: "gelu_pytorch_tanh", ...siglip2 },
    max_beta: config.max_beta ?? 0.2,
    ...(config.editing_vision === undefined ? {} : { editing_vision: config.editing_vision }),
    ...(config.layouts === undefined ? {} : { layouts: config.layouts }),
    ...(config.changes === undefined ? {} : { changes: config.changes }),
  } as unknown as UniPicConfig;
  checkTogether(parsed, where);
  return parsed;
}

/** The largest value of each size. */
type Sizes = Readonly<Record<string, number>>;

const WIDTH = 65_536;
const DEPTH = 512;
const HEADS = 1024;
const PIXELS = 16_384;

const QWEN2_SIZES: Sizes = {
  vocab_size: 4_000_000,
  hidden_size: WIDTH,
  num_hidden_layers: DEPTH,
  num_attention_heads: HEADS,
  num_key_value_heads: HEADS,
  intermediate_size: 4 * WIDTH,
};
const MAR_SIZES: Sizes = {
  img_size: PIXELS,
  vae_stride: 256,
  patch_size: 64,
  encoder_embed_dim: WIDTH,
  encoder_depth: DEPTH,
  encoder_num_heads: HEADS,
  decoder_embed_dim: WIDTH,
  decoder_depth: DEPTH,
  decoder_num_heads: HEADS,
  mlp_ratio: 64,
  vae_embed_dim: 4096,
  buffer_size: 4096,
  diffloss_d: DEPTH,
  diffloss_w: WIDTH,
};
const SIGLIP2_SIZES: Sizes = {
  hidden_size: WIDTH,
  num_hidden_layers: DEPTH,
  num_attention_heads: HEADS,
  intermediate_size: 4 * WIDTH,
  image_size: PIXELS,
  patch_size: 256,
};
const KL_SIZES: Sizes = { embed_dim: 4096, ch: WIDTH };
const PATCH_SIZES: Sizes = { embed_dim: 4096, patch: 256, ch: WIDTH, num_res_blocks: DEPTH };

/** The KL autoencoder normalizes channels in so many groups. */
const GROUPS = 32;

/** The side of the squares in which an edit's pixels are worked on, where a token is a multiple of it. */
const CHANGED_SQUARE = 4;

/** The most tokens along one side of the native grid. */
const MOST_SIDE = 256;

type Json = Record<string, unknown>;

function requireObject(value: unknown, where: string): Json {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Json;
  throw new UserError(`${where} is missing or not an object, so this is not a UniPic checkpoint's configuration.`);
}

function requireSizes(part: Json, sizes: Sizes, where: string): void {
  for (const [key, most] of Object.entries(sizes)) {
    const value = part[key];
    if (typeof value === "number" && value > 0 && value <= most && (Number.isInteger(value) || key === "mlp_ratio")) {
      continue;
    }
    throw new UserError(`${where}.${key} must be a whole number from 1 to ${most}, not ${shown(value)}.`);
  }
}

/** Numbers that may be left out, as they have defaults. */
function requireNumbers(part: Json, keys: readonly string[], where: string): void {
  for (const key of keys) {
    const value = part[key];
    if (value === undefined || (typeof value === "number" && value > 0)) continue;
    throw new UserError(`${where}.${key} must be a number above 0, not ${shown(value)}.`);
  }
}

/** True or false, or left out. */
function requireSwitch(part: Json, key: string, where: string): void {
  const value = part[key];
  if (value === undefined || typeof value === "boolean") return;
  throw new UserError(`${where}${key} must be true or false, not ${shown(value)}.`);
}

const shown = (value: unknown): string => (typeof value === "number" ? String(value) : typeof value);

function requireMultipliers(value: unknown, where: string): void {
  const fits = Array.isArray(value) && value.length >= 1 && value.length <= 9;
  if (fits && value.every((factor) => Number.isInteger(factor) && factor >= 1 && factor <= 64)) return;
  throw new UserError(`${where}.ch_mult must be a list of one to nine whole numbers from 1 to 64.`);
}

/** Sizes that must divide each other. */
function checkTogether({ llm, mar, vae, siglip2, changes }: UniPicConfig, where: string): void {
  const side = nativeSide(mar);
  const stride = vae.type === "patch" ? vae.patch : 2 ** (vae.ch_mult.length - 1);
  const problem = [
    [llm.hidden_size % (2 * llm.num_attention_heads), "llm.hidden_size is not an even multiple of its heads"],
    [
      llm.num_attention_heads % llm.num_key_value_heads,
      "llm.num_attention_heads is no multiple of its key-value heads",
    ],
    [mar.encoder_embed_dim % mar.encoder_num_heads, "mar.encoder_embed_dim is no multiple of its heads"],
    [mar.decoder_embed_dim % mar.decoder_num_heads, "mar.decoder_embed_dim is no multiple of its heads"],
    [(mar.encoder_embed_dim * mar.mlp_ratio) % 1, "mar.mlp_ratio times the encoder's width is not whole"],
    [(mar.decoder_embed_dim * mar.mlp_ratio) % 1, "mar.mlp_ratio times the decoder's width is not whole"],
    [side % 1, "mar.img_size is no multiple of vae_stride times patch_size"],
    [side > MOST_SIDE ? 1 : 0, `mar.img_size has more than ${MOST_SIDE} tokens along a side`],
    [stride - mar.vae_stride, `mar.vae_stride is not the autoencoder's ${stride}`],
    [vae.embed_dim - mar.vae_embed_dim, "mar.vae_embed_dim is not vae.embed_dim"],
    [vae.type === "patch" ? Math.log2(vae.patch) % 1 : vae.ch % GROUPS, "the autoencoder's patch or channels are odd"],
    [siglip2.hidden_size % siglip2.num_attention_heads, "siglip2.hidden_size is no multiple of its heads"],
    [siglip2.image_size % siglip2.patch_size, "siglip2.image_size is no multiple of its patch_size"],
    [
      changes ? mar.img_size % (patchSide(siglip2) * CHANGED_SQUARE) : 0,
      `"changes" needs pictures whose side is a multiple of ${CHANGED_SQUARE} pixels for each of the tower's patches`,
    ],
    [patchSide(siglip2) > MOST_SIDE ? 1 : 0, `siglip2 has more than ${MOST_SIDE} patches a side`],
  ].find(([rest]) => rest !== 0);
  if (problem) throw new UserError(`${where} makes no sense: ${problem[1]}.`);
}
