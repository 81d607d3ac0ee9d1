/** The configuration of an official model, from the shapes of its tensors and from the folders of its parts. */
import type { JsonObject } from "../checkpoint/index.ts";
import { UserError } from "../errors.ts";
import {
  type KlVaeConfig,
  type MarConfig,
  parseConfig,
  type Qwen2Config,
  type Siglip2Config,
  type UniPicConfig,
} from "../models/config.ts";
import { unipic15b } from "../models/presets.ts";

type Shapes = ReadonlyMap<string, readonly number[]>;

/** What files beside the tensors say. */
export interface PartConfigs {
  /** Qwen2's `config.json`. */
  languageModel?: JsonObject;
  /** SigLIP2's `config.json`. */
  tower?: JsonObject;
}

export interface DerivedConfig {
  config: UniPicConfig;
  /** What no file says and is therefore as in the official model, in words. */
  assumed: string[];
}

/**
 * Derives a configuration.
 *
 * @param shapes by the names that a model folder has
 * @param where what error messages call the checkpoint
 * @throws UserError when tensors without which there is no model are missing, or when sizes do not go together
 */
export function deriveConfig(shapes: Shapes, parts: PartConfigs, where: string): DerivedConfig {
  const look = new ShapeReader(shapes, where);
  const assumed: string[] = [];
  const llm = languageModel(look, parts.languageModel, assumed);
  const vae = autoencoder(look, assumed);
  const mar = maskedAutoregressive(look, vae, assumed);
  const siglip2 = tower(look, parts.tower, assumed);
  const { vae_scale, max_beta } = unipic15b;
  assumed.push(`vae_scale ${vae_scale}, max_beta ${max_beta}, prediction "epsilon"`);
  const config = { model_type: "unipic", llm, mar, vae, vae_scale, siglip2, max_beta };
  return { config: parseConfig(config, `The configuration that the shapes in ${where} give`), assumed };
}

function languageModel(look: ShapeReader, json: JsonObject | undefined, assumed: string[]): Qwen2Config {
  const [vocab_size, hidden_size] = look.shape("llm.model.embed_tokens.weight", 2);
  const [intermediate_size] = look.shape("llm.model.layers.0.mlp.gate_proj.weight", 2);
  const [keys] = look.shape("llm.model.layers.0.self_attn.k_proj.weight", 2);
  // Qwen2.5's smallest model has heads of 64, all others of 128.
  const head = hidden_size < 1024 ? 64 : 128;
  const value = (name: string, official: number) => numberIn(json, name) ?? note(assumed, `llm.${name}`, official);
  const num_attention_heads = value("num_attention_heads", Math.max(1, Math.round(hidden_size / head)));
  const rope = numberIn(json?.rope_parameters, "rope_theta");
  return {
    vocab_size,
    hidden_size,
    num_hidden_layers: look.count("llm.model.layers"),
    num_attention_heads,
    num_key_value_heads: Math.max(1, Math.round(keys / (hidden_size / num_attention_heads))),
    intermediate_size,
    rope_theta: rope ?? value("rope_theta", unipic15b.llm.rope_theta),
    rms_norm_eps: value("rms_norm_eps", unipic15b.llm.rms_norm_eps),
    // Whoever has a second table of embeddings at hand decides otherwise.
    tie_word_embeddings: true,
  };
}

function autoencoder(look: ShapeReader, assumed: string[]): KlVaeConfig {
  if (!look.has("vae.decoder.conv_in.weight") && !look.has("vae.encoder.conv_in.weight")) {
    assumed.push("the autoencoder's sizes: it is not there");
    return unipic15b.vae as KlVaeConfig;
  }
  const [ch] = look.shape("vae.encoder.conv_in.weight", 4);
  const [, embed_dim] = look.shape("vae.post_quant_conv.weight", 4);
  const ch_mult = Array.from(
    { length: look.count("vae.encoder.down") },
    (_, level) => look.shape(`vae.encoder.down.${level}.block.0.conv1.weight`, 4)[0] / ch,
  );
  return { type: "kl", embed_dim, ch, ch_mult };
}

function maskedAutoregressive(look: ShapeReader, vae: KlVaeConfig, assumed: string[]): MarConfig {
  const [encoder, token] = look.shape("mar.z_proj.weight", 2);
  const [decoder] = look.shape("mar.decoder_embed.weight", 2);
  const [hidden] = look.shape("mar.encoder_blocks.0.mlp.fc1.weight", 2);
  const [, places] = look.shape("mar.diffusion_pos_embed_learned", 3);
  const [, rows] = look.shape("mar.encoder_pos_embed_learned", 3);
  const [diffloss_w] = look.shape("mar.diffloss.net.input_proj.weight", 2);
  const vae_stride = 2 ** (vae.ch_mult.length - 1);
  const patch_size = Math.sqrt(token / vae.embed_dim);
  const { prediction, num_sampling_steps, diffusion_batch_mul, mask_ratio_min, norm_eps } = unipic15b.mar;
  assumed.push(`mar.num_sampling_steps "${num_sampling_steps}", mar.norm_eps ${norm_eps}`);
  return {
    img_size: Math.sqrt(places) * vae_stride * patch_size,
    vae_stride,
    patch_size,
    encoder_embed_dim: encoder,
    encoder_depth: look.count("mar.encoder_blocks"),
    encoder_num_heads: note(assumed, "mar.encoder_num_heads", headsOf(encoder)),
    decoder_embed_dim: decoder,
    decoder_depth: look.count("mar.decoder_blocks"),
    decoder_num_heads: note(assumed, "mar.decoder_num_heads", headsOf(decoder)),
    mlp_ratio: hidden / encoder,
    vae_embed_dim: vae.embed_dim,
    buffer_size: rows - places,
    diffloss_d: look.count("mar.diffloss.net.res_blocks"),
    diffloss_w,
    prediction,
    num_sampling_steps,
    diffusion_batch_mul,
    mask_ratio_min,
    norm_eps,
  };
}

function tower(look: ShapeReader, json: JsonObject | undefined, assumed: string[]): Siglip2Config {
  const embeddings = "siglip2.vision_model.embeddings";
  if (!look.has(`${embeddings}.patch_embedding.weight`)) {
    assumed.push("SigLIP2's sizes: it is not there");
    return unipic15b.siglip2;
  }
  const own = isObject(json?.vision_config) ? json.vision_config : json;
  const activation = own?.hidden_act ?? unipic15b.siglip2.hidden_act;
  if (activation !== unipic15b.siglip2.hidden_act) {
    throw new UserError(
      `SigLIP2's config.json names the activation ${JSON.stringify(activation)}, which is not built.`,
    );
  }
  const [hidden_size, , , patch_size] = look.shape(`${embeddings}.patch_embedding.weight`, 4);
  const [patches] = look.shape(`${embeddings}.position_embedding.weight`, 2);
  const [intermediate_size] = look.shape("siglip2.vision_model.encoder.layers.0.mlp.fc1.weight", 2);
  const heads = numberIn(own, "num_attention_heads");
  const epsilon = numberIn(own, "layer_norm_eps");
  return {
    hidden_size,
    num_hidden_layers: look.count("siglip2.vision_model.encoder.layers"),
    num_attention_heads: heads ?? note(assumed, "siglip2.num_attention_heads", headsOf(hidden_size)),
    intermediate_size,
    image_size: Math.sqrt(patches) * patch_size,
    patch_size,
    layer_norm_eps: epsilon ?? unipic15b.siglip2.layer_norm_eps,
    hidden_act: unipic15b.siglip2.hidden_act,
  };
}

/** Heads of the vision transformers by their width, as MAR (base, large, huge) and SigLIP2 (so400m, giant) have them. */
const HEADS: Readonly<Record<number, number>> = { 768: 12, 1024: 16, 1152: 16, 1280: 16, 1536: 16 };

const headsOf = (width: number): number => HEADS[width] ?? Math.max(1, Math.round(width / 64));

function note(assumed: string[], name: string, value: number): number {
  assumed.push(`${name} ${value}`);
  return value;
}

function numberIn(json: unknown, name: string): number | undefined {
  const value = isObject(json) ? json[name] : undefined;
  return typeof value === "number" ? value : undefined;
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Shapes by name, with an error where one is missing that everything hangs on. */
class ShapeReader {
  constructor(
    private readonly shapes: Shapes,
    private readonly where: string,
  ) {}

  has(name: string): boolean {
    return this.shapes.has(name);
  }

  shape(name: string, rank: number): readonly number[] {
    const shape = this.shapes.get(name);
    if (!shape) throw new UserError(`${this.where} is not a UniPic model: it has no tensor "${name}".`);
    if (shape.length === rank && !shape.includes(0)) return shape;
    throw new UserError(
      `The tensor "${name}" in ${this.where} has the shape [${shape.join(", ")}], not ${rank} sizes.`,
    );
  }

  /** How many numbered children a name has: `name.0`, `name.1`, ... without a gap. */
  count(name: string): number {
    const numbers = new Set<string>();
    for (const each of this.shapes.keys()) {
      if (each.startsWith(`${name}.`)) numbers.add(each.slice(name.length + 1).split(".", 1)[0]);
    }
    let count = 0;
    while (numbers.has(String(count))) count++;
    return count;
  }
}
