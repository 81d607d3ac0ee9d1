import { linear } from "../nn/linear.ts";
import { rmsNorm } from "../nn/norm.ts";
import type { Scope } from "../nn/scope.ts";
import {
  add,
  addDimensions,
  attention,
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

/** Keys and values of one layer, heads side by side: [batch, length, key-value heads x head]. */
export interface LayerCache {
  key: Tensor;
  value: Tensor;
}

export interface Qwen2Inputs {
  /** [batch, length, hidden] */
  embeddings: Tensor;
  /** Position of every new token, int64 [batch, length]. */
  positions: Tensor;
  /** 1 where a cached or new position may be seen, int64 [batch, past + length]. */
  mask: Tensor;
  /** What earlier runs left, one entry a layer. */
  past?: readonly LayerCache[];
}

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
 * The Qwen2 decoder (arXiv 2407.10671) on embeddings: states after the last norm [batch, length, hidden], and the cache for later runs.
 * A new token sees every cached position whose mask is 1 and the new ones up to itself. `scope` is the checkpoint's `llm`.
 */
export function qwen2(
  scope: Scope,
  config: Qwen2Config,
  { embeddings, positions, mask, past }: Qwen2Inputs,
): { states: Tensor; cache: LayerCache[] } {
  const { cosine, sine } = rotaryAngles(config, positions);
  const bias = visibilityBias(embeddings, mask, past?.[0]);
  const cache: LayerCache[] = [];
  const layers = scope.child("model.layers");
  let x = embeddings;
  for (let index = 0; index < config.num_hidden_layers; index++) {
    const layer = layers.child(index);
    const normal = rmsNorm(x, layer.child("input_layernorm"), config.rms_norm_eps);
    const { mixed, entry } = selfAttention(
      layer.child("self_attn"),
      config,
      normal,
      { cosine, sine, bias },
      past?.[index],
    );
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
  shared: { cosine: Tensor; sine: Tensor; bias: Tensor },
  past?: LayerCache,
): { mixed: Tensor; entry: LayerCache } {
  const { num_attention_heads: heads, num_key_value_heads: groups, hidden_size: hidden } = config;
  const head = hidden / heads;
  const project = (name: string, count: number) => linear(x, scope.child(name), count * head, { initial: INITIAL });
  const q = rotary(project("q_proj", heads), shared.cosine, shared.sine, heads);
  const newKey = rotary(project("k_proj", groups), shared.cosine, shared.sine, groups);
  const newValue = project("v_proj", groups);
  const key = past ? concat([past.key, newKey], 1) : newKey;
  const value = past ? concat([past.value, newValue], 1) : newValue;
  const mixed = attention(q, repeatHeads(key, groups, heads), repeatHeads(value, groups, heads), {
    heads,
    bias: shared.bias,
  });
  return {
    mixed: linear(mixed, scope.child("o_proj"), hidden, { bias: false, initial: INITIAL }),
    entry: { key, value },
  };
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
  // Compared as int32: GPUs have no int64, and the engine would compare on the processor and copy [new, past + new] answers over.
  const numbers = cast(range(total), "int32");
  const keys = reshape(numbers, [1, total]);
  // The new tokens are the last `length` of `total`, so query i is number i + past.
  const queries = reshape(slice(numbers, 0, before, total), [length, 1]);
  const causal = logicalNot(lessThan(queries, keys)); // [new, past + new]
  const open = logicalNot(equal(reshape(mask, [batch, 1, 1, total]), scalar(0, "int64")));
  return where(logicalAnd(causal, open), scalar(0, embeddings), scalar(-1e9, embeddings));
}
