import { linear } from "../nn/linear.ts";
import { rmsNorm } from "../nn/norm.ts";
import type { Scope } from "../nn/scope.ts";
import {
  add,
  attention,
  cachedAttention,
  cast,
  constant,
  cos,
  equal,
  gatherRows,
  lessThan,
  logicalAnd,
  logicalNot,
  logicalOr,
  multiply,
  linear as product,
  range,
  repeatHeads,
  reshape,
  rotary,
  scalar,
  silu,
  sin,
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
  /**
   * Nothing, and of the new ones those whose mask is 1, int64 [batch, length]. Where there are `turns`, int64 [batch, length], those of
   * turn 0 are seen by all that come after, and others within their own turn alone.
   */
  | { mask: Tensor; turns?: Tensor; past?: undefined }
  /** The first `before` tokens of each row of a cache, int64 [batch]: keys and values of every layer [batch, key-value heads, past, head]. */
  | { before: Tensor; past: readonly LayerCache[] };

export type Qwen2Inputs = Seen & {
  /** [batch, length, hidden] */
  embeddings: Tensor;
  /** Position of every new token, int64 [batch, length]. */
  positions: Tensor;
};

const INITIAL = { kind: "normal", deviation: 0.02 } as const;

/** The embedding table, tied to the output logits: [vocabulary, hidden]. */
export const wordTable = (scope: Scope, config: Qwen2Config): Tensor =>
  scope.child("model.embed_tokens").parameter("weight", [config.vocab_size, config.hidden_size], INITIAL);

/** Token ids (int64, any shape) to embeddings [..., hidden]. */
export const embedTokens = (scope: Scope, config: Qwen2Config, ids: Tensor): Tensor =>
  gatherRows(wordTable(scope, config), ids);

/** States [..., hidden] to logits [..., vocabulary]. */
export function logits(scope: Scope, config: Qwen2Config, states: Tensor): Tensor {
  if (config.tie_word_embeddings) return product(states, wordTable(scope, config));
  return linear(states, scope.child("lm_head"), config.vocab_size, { bias: false, initial: INITIAL });
}

/**
 * The Qwen2 decoder (arXiv 2407.10671) on embeddings: states after the last norm [batch, length, hidden], and the keys and values of the
 * new tokens, one entry a layer, [batch, length, key-value heads x head]. `scope` is the checkpoint's `llm`.
 */
export function qwen2(
  scope: Scope,
  config: Qwen2Config,
  { embeddings, positions, ...seen }: Qwen2Inputs,
): { states: Tensor; fresh: LayerCache[] } {
  const angles = rotaryAngles(config, positions);
  const attend = seen.past
    ? cachedHeads(config, seen)
    : ownHeads(config, visibilityBias(embeddings, seen.mask, seen.turns));
  const fresh: LayerCache[] = [];
  const layers = scope.child("model.layers");
  let x = embeddings;
  for (let index = 0; index < config.num_hidden_layers; index++) {
    const layer = layers.child(index);
    const normal = rmsNorm(x, layer.child("input_layernorm"), config.rms_norm_eps);
    const own = layer.child("self_attn");
    const { q, ...entry } = queryKeyValue(own, config, normal, angles);
    fresh.push(entry);
    const mixed = attend(q, entry, index);
    x = add(x, linear(mixed, own.child("o_proj"), config.hidden_size, { bias: false, initial: INITIAL }));
    const inner = rmsNorm(x, layer.child("post_attention_layernorm"), config.rms_norm_eps);
    x = add(x, gatedMlp(layer.child("mlp"), config, inner));
  }
  return { states: rmsNorm(x, scope.child("model.norm"), config.rms_norm_eps), fresh };
}

/** Attention of a layer's queries, given its new keys and values. */
type Attend = (q: Tensor, fresh: LayerCache, layer: number) => Tensor;

function ownHeads({ num_attention_heads: heads, num_key_value_heads: groups }: Qwen2Config, bias: Tensor): Attend {
  const repeat = (x: Tensor) => repeatHeads(x, groups, heads);
  return (q, { key, value }) => attention(q, repeat(key), repeat(value), { heads, bias });
}

function cachedHeads(
  { num_attention_heads: heads, num_key_value_heads: groups }: Qwen2Config,
  { past, before }: Extract<Seen, { before: Tensor }>,
): Attend {
  return (q, fresh, layer) => cachedAttention(q, fresh, past[layer], before, { heads, groups });
}

function queryKeyValue(
  scope: Scope,
  config: Qwen2Config,
  x: Tensor,
  { cosine, sine }: { cosine: Tensor; sine: Tensor },
): LayerCache & { q: Tensor } {
  const { num_attention_heads: heads, num_key_value_heads: groups, hidden_size: hidden } = config;
  const project = (name: string, count: number) =>
    linear(x, scope.child(name), count * (hidden / heads), { initial: INITIAL });
  const q = rotary(project("q_proj", heads), cosine, sine, heads);
  const key = rotary(project("k_proj", groups), cosine, sine, groups);
  return { q, key, value: project("v_proj", groups) };
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

/** 0 where a query may look and a very negative number where not: [batch, 1, new, new]. */
function visibilityBias(embeddings: Tensor, mask: Tensor, turns: Tensor | undefined): Tensor {
  const [batch, length] = embeddings.shape;
  // Compared as int32: GPUs have no int64, and the engine would compare on the processor and copy [new, new] answers over.
  const numbers = cast(range(length), "int32");
  const causal = logicalNot(lessThan(reshape(numbers, [length, 1]), reshape(numbers, [1, length]))); // [new, new]
  const open = logicalNot(equal(reshape(mask, [batch, 1, 1, length]), scalar(0, "int64")));
  const past = logicalAnd(causal, open);
  const visible = turns ? logicalAnd(past, withinTurns(turns)) : past;
  return where(visible, scalar(0, embeddings), scalar(-1e9, embeddings));
}

/** Whether a token is of turn 0 or of the query's own turn: [batch, 1, new, new]. */
function withinTurns(turns: Tensor): Tensor {
  const [batch, length] = turns.shape;
  const numbers = cast(turns, "int32");
  const keys = reshape(numbers, [batch, 1, 1, length]);
  const isOwn = equal(keys, reshape(numbers, [batch, 1, length, 1]));
  return logicalOr(isOwn, equal(keys, scalar(0, "int32")));
}
