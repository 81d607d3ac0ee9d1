import { linear } from "../nn/linear.ts";
import { rmsNorm } from "../nn/norm.ts";
import type { Scope } from "../nn/scope.ts";
import {
  add,
  addDimensions,
  attention,
  cachedAttention,
  cast,
  concat,
  constant,
  cos,
  equal,
  gatherRows,
  lessThan,
  logicalAnd,
  logicalNot,
  multiply,
  linear as product,
  range,
  repeatHeads,
  reshape,
  rotary,
  scalar,
  silu,
  sin,
  slice,
  type Tensor,
  where,
} from "../tensor/index.ts";
import type { Qwen2Config } from "./config.ts";

/** Keys and values of one layer. */
export interface LayerCache {
  key: Tensor;
  value: Tensor;
}

/** What a new token sees besides the new ones up to itself. */
export type Seen =
  /** Where the mask is 1, int64 [batch, past + length]; keys and values as the model gives them, [batch, past, key-value heads x head]. */
  | { mask: Tensor; past?: readonly LayerCache[]; before?: undefined }
  /** The first `before` tokens of each row of the cache, int64 [batch]; keys and values are [batch, key-value heads, past, head]. */
  | { before: Tensor; past: readonly LayerCache[] };

export type Qwen2Inputs = Seen & {
  /** [batch, length, hidden] */
  embeddings: Tensor;
  /** Position of every new token, int64 [batch, length]. */
  positions: Tensor;
};

const INITIAL = { kind: "normal", deviation: 0.02 } as const;

/** The embedding table, tied to the output logits: [vocabulary, hidden]. */
const embeddingTable = (scope: Scope, config: Qwen2Config): Tensor =>
  scope.child("model.embed_tokens").parameter("weight", [config.vocab_size, config.hidden_size], INITIAL);

/** Token ids (int64, any shape) to embeddings [..., hidden]. */
export const embedTokens = (scope: Scope, config: Qwen2Config, ids: Tensor): Tensor =>
  gatherRows(embeddingTable(scope, config), ids);

/** States [..., hidden] to logits [..., vocabulary]. */
export function logits(scope: Scope, config: Qwen2Config, states: Tensor): Tensor {
  if (config.tie_word_embeddings) return product(states, embeddingTable(scope, config));
  return linear(states, scope.child("lm_head"), config.vocab_size, { bias: false, initial: INITIAL });
}

/**
 * The Qwen2 decoder (arXiv 2407.10671) on embeddings: states after the last norm [batch, length, hidden], and keys and values,
 * [batch, past + length, key-value heads x head], or with `before` those of the new tokens alone. `scope` is the checkpoint's `llm`.
 */
export function qwen2(
  scope: Scope,
  config: Qwen2Config,
  { embeddings, positions, ...seen }: Qwen2Inputs,
): { states: Tensor; cache: LayerCache[] } {
  const { past, before } = seen;
  const angles = rotaryAngles(config, positions);
  const shared = before ? { ...angles, before } : { ...angles, bias: visibilityBias(embeddings, seen.mask, past?.[0]) };
  const cache: LayerCache[] = [];
  const layers = scope.child("model.layers");
  let x = embeddings;
  for (let index = 0; index < config.num_hidden_layers; index++) {
    const layer = layers.child(index);
    const normal = rmsNorm(x, layer.child("input_layernorm"), config.rms_norm_eps);
    const { mixed, entry } = selfAttention(layer.child("self_attn"), config, normal, shared, past?.[index]);
    cache.push(entry);
    x = add(x, mixed);
    const inner = rmsNorm(x, layer.child("post_attention_layernorm"), config.rms_norm_eps);
    x = add(x, gatedMlp(layer.child("mlp"), config, inner));
  }
  return { states: rmsNorm(x, scope.child("model.norm"), config.rms_norm_eps), cache };
}

function selfAttention(
  scope: Scope,
  config: Qwen2Config,
  x: Tensor,
  shared: { cosine: Tensor; sine: Tensor } & ({ bias: Tensor; before?: undefined } | { before: Tensor }),
  past?: LayerCache,
): { mixed: Tensor; entry: LayerCache } {
  const { num_attention_heads: heads, num_key_value_heads: groups, hidden_size: hidden } = config;
  const head = hidden / heads;
  const project = (name: string, count: number) => linear(x, scope.child(name), count * head, { initial: INITIAL });
  const q = rotary(project("q_proj", heads), shared.cosine, shared.sine, heads);
  const newKey = rotary(project("k_proj", groups), shared.cosine, shared.sine, groups);
  const newValue = project("v_proj", groups);
  const out = (mixed: Tensor) => linear(mixed, scope.child("o_proj"), hidden, { bias: false, initial: INITIAL });
  const fresh = { key: newKey, value: newValue };
  if (shared.before) {
    if (!past) throw new Error("A count of cached tokens needs a cache.");
    return { mixed: out(cachedAttention(q, fresh, past, shared.before, { heads, groups })), entry: fresh };
  }
  const key = past ? concat([past.key, newKey], 1) : newKey;
  const value = past ? concat([past.value, newValue], 1) : newValue;
  const repeat = (x: Tensor) => repeatHeads(x, groups, heads);
  const mixed = attention(q, repeat(key), repeat(value), { heads, bias: shared.bias });
  return { mixed: out(mixed), entry: { key, value } };
}

function gatedMlp(scope: Scope, config: Qwen2Config, x: Tensor): Tensor {
  const project = (name: string, input: Tensor, out: number) =>
    linear(input, scope.child(name), out, { bias: false, initial: INITIAL });
  const gate = silu(project("gate_proj", x, config.intermediate_size));
  return project("down_proj", multiply(gate, project("up_proj", x, config.intermediate_size)), config.hidden_size);
}

/** Rotary angles in fp32, inverse frequencies theta^(-2i/d): cosine and sine, [batch, length, head / 2]. */
function rotaryAngles(config: Qwen2Config, positions: Tensor): { cosine: Tensor; sine: Tensor } {
  const head = config.hidden_size / config.num_attention_heads;
  const frequencies = Float32Array.from({ length: head / 2 }, (_, i) => 1 / config.rope_theta ** ((2 * i) / head));
  const places = reshape(cast(positions, "float32"), [...positions.shape, 1]);
  const angles = multiply(places, constant("float32", [head / 2], frequencies));
  return { cosine: cos(angles), sine: sin(angles) };
}

/** 0 where a query may look and a very negative number where not: [batch, 1, new, past + new]. */
function visibilityBias(embeddings: Tensor, mask: Tensor, past?: LayerCache): Tensor {
  const [batch, length] = embeddings.shape;
  const before = past?.key.shape[1] ?? 0;
  const total = addDimensions(before, length);
  const keys = reshape(range(total), [1, total]);
  // The new tokens are the last `length` of `total`, so query i is number i + past.
  const queries = reshape(slice(range(total), 0, before, total), [length, 1]);
  const causal = logicalNot(lessThan(queries, keys)); // [new, past + new]
  const open = logicalNot(equal(reshape(mask, [batch, 1, 1, total]), scalar(0, "int64")));
  return where(logicalAnd(causal, open), scalar(0, embeddings), scalar(-1e9, embeddings));
}
