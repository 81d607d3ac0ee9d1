import { projection } from "../nn/projection.ts";
import type { Scope } from "../nn/scope.ts";
import {
  add,
  addDimensions,
  concat,
  gatherRows,
  multiplyDimensions,
  reshape,
  slice,
  subtractDimensions,
  type Tensor,
} from "../tensor/index.ts";
import type { UniPicConfig } from "./config.ts";
import { embedTokens, qwen2 } from "./qwen2.ts";
import { siglip2Features } from "./siglip2.ts";

/** Image tokens first and the buffer last: the order in which the language model reads a picture. [batch, buffer + n, width] */
function bufferLast(x: Tensor, buffer: number): Tensor {
  return concat([slice(x, 1, buffer, x.shape[1]), slice(x, 1, 0, buffer)], 1);
}

/** The reverse of {@link bufferLast}. */
export function bufferFirst(x: Tensor, buffer: number): Tensor {
  const count = subtractDimensions(x.shape[1], buffer);
  return concat([slice(x, 1, count, x.shape[1]), slice(x, 1, 0, count)], 1);
}

/** Encoder states [batch, buffer + n, encoder width] as the language model reads them: [batch, n + buffer, hidden], buffer last. */
export function projectIn(root: Scope, config: UniPicConfig, encoded: Tensor): Tensor {
  const hidden = config.llm.hidden_size;
  return bufferLast(projection(encoded, root.child("proj_in"), hidden, hidden), config.mar.buffer_size);
}

/**
 * The encoder's states after they have read the context: `encoded + proj_out(language model states)`.
 * encoded: [batch, buffer + visible, encoder width]; context: its embeddings, in the same pass, [batch, length, hidden]; positions: int64, of
 * everything in this pass; mask: int64 [batch, all].
 */
export function readContext(
  root: Scope,
  config: UniPicConfig,
  encoded: Tensor,
  context: Tensor,
  positions: Tensor,
  mask: Tensor,
): Tensor {
  const h = projectIn(root, config, encoded); // [batch, visible + buffer, hidden]
  const embeddings = concat([context, h], 1);
  const { states } = qwen2(root.child("llm"), config.llm, { embeddings, positions, mask });
  const own = slice(states, 1, context.shape[1], addDimensions(context.shape[1], h.shape[1]));
  return answered(root, config, encoded, own);
}

/** The encoder's states [batch, buffer + n, encoder width] with what the language model's states of them [batch, n + buffer, hidden] add. */
export function answered(root: Scope, config: UniPicConfig, encoded: Tensor, states: Tensor): Tensor {
  const { hidden_size: hidden } = config.llm;
  const answer = projection(states, root.child("proj_out"), hidden, config.mar.encoder_embed_dim);
  return add(encoded, bufferFirst(answer, config.mar.buffer_size));
}

/** Embeddings of token ids: int64 [batch, length] to [batch, length, hidden]. */
export const embedText = (root: Scope, config: UniPicConfig, ids: Tensor): Tensor =>
  embedTokens(root.child("llm"), config.llm, ids);

/**
 * Puts image features in the place of the `<image>` tokens. text: [batch, length, hidden]; features: [pictures, count, hidden];
 * source: int64 [batch, length], for every place its row in all text rows followed by all feature rows.
 */
export function spliceFeatures(text: Tensor, features: Tensor, source: Tensor): Tensor {
  const rows = (x: Tensor) => reshape(x, [multiplyDimensions(x.shape[0], x.shape[1]), x.shape[2]]);
  return gatherRows(concat([rows(text), rows(features)], 0), source);
}

/**
 * The `source` index of {@link spliceFeatures}: row b's `<image>` tokens take picture b's features in order, `count` of them. Where there
 * are fewer pictures than rows, they are counted round and round.
 */
export function featureRows(
  ids: readonly (readonly number[])[],
  imageToken: number,
  count: number,
  pictures = ids.length,
): BigInt64Array {
  const length = ids[0].length;
  const textRows = ids.length * length;
  const source = new BigInt64Array(textRows);
  ids.forEach((row, b) => {
    let used = 0;
    row.forEach((id, i) => {
      const text = b * length + i;
      source[text] = BigInt(id === imageToken ? textRows + (b % pictures) * count + used++ : text);
    });
    if (used !== count) throw new Error(`Row ${b} has ${used} <image> tokens for ${count} image features.`);
  });
  return source;
}

/** Features for understanding by the vision tower: pixels [batch, 3, side, side] to [batch, patches, hidden]. */
export function visionFeatures(root: Scope, config: UniPicConfig, pixels: Tensor): Tensor {
  const { hidden_size: hidden } = config.llm;
  const seen = siglip2Features(root.child("siglip2"), config.siglip2, pixels);
  return projection(seen, root.child("siglip2_proj"), hidden, hidden);
}
