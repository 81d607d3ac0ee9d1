import { linear } from "../nn/linear.ts";
import { layerNorm } from "../nn/norm.ts";
import type { Scope } from "../nn/scope.ts";
import {
  add,
  addDimensions,
  attention,
  broadcastTo,
  concat,
  gatherRows,
  gelu,
  multiplyDimensions,
  reshape,
  slice,
  split,
  type Tensor,
} from "../tensor/index.ts";
import { type MarConfig, nativeSide } from "./config.ts";
import { type Grid, positionTable } from "./position-table.ts";

/** Keys and values that a block attends to, out of those of its own tokens. */
type Widen = (key: Tensor, value: Tensor) => readonly [key: Tensor, value: Tensor];

/**
 * A pre-norm vision transformer block (arXiv 2010.11929) with fused query, key and value. x: [batch, length, width]. It attends to its own
 * tokens, or to what `widen` makes of them: [batch, more, width].
 */
function block(x: Tensor, scope: Scope, heads: number, config: MarConfig, widen?: Widen): Tensor {
  const width = x.shape[2] as number;
  const normal = layerNorm(x, scope.child("norm1"), config.norm_eps);
  const [q, key, value] = split(linear(normal, scope.child("attn.qkv"), 3 * width), 2, 3);
  const [k, v] = widen?.(key, value) ?? [key, value];
  const mixed = linear(attention(q, k, v, { heads }), scope.child("attn.proj"), width);
  const between = add(x, mixed);
  const inner = layerNorm(between, scope.child("norm2"), config.norm_eps);
  const hidden = gelu(linear(inner, scope.child("mlp.fc1"), width * config.mlp_ratio));
  return add(between, linear(hidden, scope.child("mlp.fc2"), width));
}

/**
 * The masked autoregressive encoder (arXiv 2406.11838) on visible tokens only.
 * visible: [batch, visible, token]; places: their raster numbers, ascending, int64 [batch, visible].
 * Result: [batch, buffer + visible, width], the buffer first. `scope` is the checkpoint's `mar`.
 */
export function encodeVisible(scope: Scope, config: MarConfig, visible: Tensor, places: Tensor, grid: Grid): Tensor {
  const { encoder_embed_dim: width, buffer_size: buffer } = config;
  const [batch] = visible.shape;
  const table = encoderPositions(scope, config, grid);
  const start = { kind: "normal", deviation: 0.02 } as const;
  const latent = reshape(scope.parameter("fake_latent", [1, width], start), [1, 1, width]);
  const buffers = add(broadcastTo(latent, [batch, buffer, width]), slice(table, 0, 0, buffer));
  const tokens = add(
    linear(visible, scope.child("z_proj"), width),
    gatherRows(slice(table, 0, buffer, buffer + grid[0] * grid[1]), places),
  );
  let x = layerNorm(concat([buffers, tokens], 1), scope.child("z_proj_ln"), config.norm_eps);
  for (let index = 0; index < config.encoder_depth; index++) {
    x = block(x, scope.child("encoder_blocks").child(index), config.encoder_num_heads, config);
  }
  return layerNorm(x, scope.child("encoder_norm"), config.norm_eps);
}

/** The encoder's position table: [buffer + rows x columns, width]. */
export function encoderPositions(scope: Scope, config: MarConfig, grid: Grid): Tensor {
  const size = { leading: config.buffer_size, side: nativeSide(config), width: config.encoder_embed_dim };
  return positionTable(scope, "encoder_pos_embed_learned", size, grid);
}

/** The decoder's position table: [buffer + rows x columns, width]. */
export function decoderPositions(scope: Scope, config: MarConfig, grid: Grid): Tensor {
  const size = { leading: config.buffer_size, side: nativeSide(config), width: config.decoder_embed_dim };
  return positionTable(scope, "decoder_pos_embed_learned", size, grid);
}

/** The position table added after the decoder: [rows x columns, width]. */
export function diffusionPositions(scope: Scope, config: MarConfig, grid: Grid): Tensor {
  const size = { leading: 0, side: nativeSide(config), width: config.decoder_embed_dim };
  return positionTable(scope, "diffusion_pos_embed_learned", size, grid);
}

export interface DecoderInputs {
  /** Encoder states after the language model, the buffer first: [batch, buffer + visible, encoder width]. */
  encoded: Tensor;
  /**
   * Which row of {@link canvasRows} stands at each grid place, over the whole batch: int64 [batch, rows x columns], where picture b's
   * rows start at b times the rows of one picture.
   */
  canvas: Tensor;
  /** When editing: the source picture's encoder output, [batch, buffer + rows x columns, encoder width]. */
  source?: Tensor;
}

/**
 * The masked autoregressive decoder: conditions for the diffusion head at every place, [batch, rows x columns, width].
 * `scope` is the checkpoint's `mar`.
 */
export function decode(scope: Scope, config: MarConfig, inputs: DecoderInputs, grid: Grid): Tensor {
  let x = decoderCanvas(scope, config, inputs, grid);
  for (let index = 0; index < config.decoder_depth; index++) x = decoderBlock(scope, config, index, x);
  const { buffer_size: buffer } = config;
  const normal = decoderNorm(scope, config, x);
  return add(slice(normal, 1, buffer, buffer + grid[0] * grid[1]), diffusionPositions(scope, config, grid));
}

/**
 * What the decoder's first block reads: [batch, buffer + rows x columns, width].
 * Rows that may stand on the canvas, for each picture: the buffer, the visible tokens in raster order, then the mask token or, when
 * editing, the source's token for each place.
 */
export function decoderCanvas(
  scope: Scope,
  config: MarConfig,
  { encoded, canvas, source }: DecoderInputs,
  grid: Grid,
): Tensor {
  const { decoder_embed_dim: width, buffer_size: buffer } = config;
  const [batch, rows] = encoded.shape;
  const count = grid[0] * grid[1];
  const embed = (x: Tensor) => linear(x, scope.child("decoder_embed"), width);
  const known = embed(encoded);
  const start = { kind: "normal", deviation: 0.02 } as const;
  const hidden = source
    ? embed(slice(source, 1, buffer, buffer + count))
    : broadcastTo(scope.parameter("mask_token", [1, 1, width], start), [batch, 1, width]);
  const each = addDimensions(rows, hidden.shape[1]);
  const candidates = reshape(concat([known, hidden], 1), [multiplyDimensions(batch, each), width]);
  const placed = gatherRows(candidates, canvas); // [batch, rows x columns, width]
  return add(concat([slice(known, 1, 0, buffer), placed], 1), decoderPositions(scope, config, grid));
}

/** One of the decoder's blocks, see {@link block}. */
export const decoderBlock = (scope: Scope, config: MarConfig, index: number, x: Tensor, widen?: Widen): Tensor =>
  block(x, scope.child("decoder_blocks").child(index), config.decoder_num_heads, config, widen);

/** The norm after the decoder's blocks. x: [..., width]. */
export const decoderNorm = (scope: Scope, config: MarConfig, x: Tensor): Tensor =>
  layerNorm(x, scope.child("decoder_norm"), config.norm_eps);

/**
 * The canvas index for {@link decode}, in plain numbers. `places[b]` lists picture b's visible places in raster order.
 * Result: [batch x count] rows.
 */
export function canvasRows(
  places: readonly ArrayLike<number>[],
  count: number,
  buffer: number,
  editing: boolean,
): BigInt64Array {
  const rows = new BigInt64Array(places.length * count);
  places.forEach((visible, picture) => {
    const known = buffer + visible.length;
    const first = picture * (known + (editing ? count : 1));
    for (let place = 0; place < count; place++) {
      rows[picture * count + place] = BigInt(first + known + (editing ? place : 0));
    }
    for (let rank = 0; rank < visible.length; rank++) {
      rows[picture * count + visible[rank]] = BigInt(first + buffer + rank);
    }
  });
  return rows;
}
