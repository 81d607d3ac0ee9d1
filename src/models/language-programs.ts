/**
 * What inference runs of the language model. Its layers are one program, whatever they read: prompts, more of a conversation, a picture's
 * tokens. So their weights are in memory once.
 */
import { Scope } from "../nn/scope.ts";
import {
  concat,
  gatherColumns,
  gatherRows,
  input,
  multiplyDimensions,
  reshape,
  type Tensor,
  transpose,
} from "../tensor/index.ts";
import type { Qwen2Config, UniPicConfig } from "./config.ts";
import type { Traced } from "./programs.ts";
import { type LayerCache, logits, qwen2 } from "./qwen2.ts";
import { embedText, spliceFeatures } from "./unipic.ts";

/**
 * Token ids to embeddings, with image features in the place of `<image>` tokens when `pictures`. In: `ids` [rows, length]; for pictures
 * `features` [pictures, count, hidden] and `source` [rows, length], see `featureRows`. Out: `embeddings` [rows, length, hidden].
 */
export function traceEmbed(config: UniPicConfig, pictures: boolean): Traced {
  const root = Scope.root();
  const text = embedText(root, config, input("ids", "int64", ["rows", "length"]));
  if (!pictures) return { outputs: { embeddings: text }, parameters: root.parameters };
  const features = input("features", "float32", ["pictures", "count", config.llm.hidden_size]);
  const embeddings = spliceFeatures(text, features, input("source", "int64", ["rows", "length"]));
  return { outputs: { embeddings }, parameters: root.parameters };
}

/**
 * The layers, on new tokens after a cache. In: `embeddings` [rows, length, hidden]; `positions` [rows, length]; the cache, `past key0`,
 * `past value0`, ... [rows, key-value heads, past, head], of which each row has the first `before` [rows] tokens; `keep` [kept], the
 * numbers of the new tokens whose keys and values are wanted.
 * Out: `states` after the last norm [rows, length, hidden]; `key0`, `value0`, ... [rows, key-value heads, kept, head].
 */
export function traceLanguage(config: UniPicConfig): Traced {
  const root = Scope.root();
  const { llm } = config;
  const keep = input("keep", "int64", ["kept"]);
  const { states, fresh } = qwen2(root.child("llm"), llm, {
    embeddings: input("embeddings", "float32", ["rows", "length", llm.hidden_size]),
    positions: input("positions", "int64", ["rows", "length"]),
    before: input("before", "int64", ["rows"]),
    past: cacheInputs(llm, "past ", "past"),
  });
  const { num_key_value_heads: groups } = llm;
  const kept = (x: Tensor) =>
    transpose(reshape(gatherColumns(x, keep), ["rows", "kept", groups, headSize(llm)]), [0, 2, 1, 3]);
  const entries = fresh.map(({ key, value }) => ({ key: kept(key), value: kept(value) }));
  return { outputs: { states, ...named(entries) }, parameters: root.parameters };
}

/** `states` [rows, length, hidden] to `logits` [chosen, vocabulary], at `last` [chosen], the numbers of tokens among rows x length. */
export function traceLogits(config: UniPicConfig): Traced {
  const root = Scope.root();
  const { hidden_size: hidden } = config.llm;
  const states = input("states", "float32", ["rows", "length", hidden]);
  const flat = reshape(states, [multiplyDimensions("rows", "length"), hidden]);
  const ends = gatherRows(flat, input("last", "int64", ["chosen"]));
  return { outputs: { logits: logits(root.child("llm"), config.llm, ends) }, parameters: root.parameters };
}

/** A cache on a device, lengthened. In: `past key0`, ... and `key0`, ... of new tokens. Out: `longer key0`, ..., both in one. */
export function traceJoin({ llm }: UniPicConfig): Traced {
  const [past, fresh] = [cacheInputs(llm, "past ", "past"), cacheInputs(llm, "", "length")];
  const longer = past.map(({ key, value }, i) => ({
    key: concat([key, fresh[i].key], 2),
    value: concat([value, fresh[i].value], 2),
  }));
  return { outputs: named(longer, "longer "), parameters: new Map() };
}

const headSize = (llm: Qwen2Config): number => llm.hidden_size / llm.num_attention_heads;

/** The shape of every layer's keys and of its values in a cache of this length. */
export const cacheShape = (llm: Qwen2Config, rows: number, length: number): number[] => [
  rows,
  llm.num_key_value_heads,
  length,
  headSize(llm),
];

function cacheInputs(llm: Qwen2Config, prefix: string, length: string): LayerCache[] {
  const shape = ["rows", llm.num_key_value_heads, length, headSize(llm)];
  return Array.from({ length: llm.num_hidden_layers }, (_, i) => ({
    key: input(`${prefix}key${i}`, "float32", shape),
    value: input(`${prefix}value${i}`, "float32", shape),
  }));
}

const named = (cache: readonly LayerCache[], prefix = ""): Record<string, Tensor> =>
  Object.fromEntries(
    cache.flatMap(({ key, value }, i) => [[`${prefix}key${i}`, key] as const, [`${prefix}value${i}`, value] as const]),
  );
