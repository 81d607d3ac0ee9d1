import { linear } from "../nn/linear.ts";
import { layerNorm } from "../nn/norm.ts";
import type { Scope } from "../nn/scope.ts";
import {
  add,
  attention,
  broadcastTo,
  concat,
  gatherRows,
  gelu,
  multiplyDimensions,
  reshape,
  slice,
  split,
  Tensor,
} from "../tensor/index.ts";
import { type MarConfig, nativeSide } from "./config.ts";
import { type Grid, positionTable } from "./position-table.ts";

/** What a block does otherwise than as a whole. */
interface Partly {
  /** Keys and values to attend to, [batch, more, width], out of those of the block's own tokens. */
  widen?: (key: Tensor, value: Tensor) => readonly [key: Tensor, value: Tensor];
  /** The only tokens that leave the block: their numbers among all rows x tokens, int64 [batch, n]. */
  only?: Tensor;
}

/** A pre-norm vision transformer block (arXiv 2010.11929) with fused query, key and value. x: [batch, length, width]; result: as x. */
function block(x: Tensor, scope: Scope, heads: number, config: MarConfig, { widen, only }: Partly = {}): Tensor {
  const width = x.shape[2] as number;
  const normal = layerNorm(x, scope.child("norm1"), config.norm_eps);
  const [q, key, value] = split(linear(normal, scope.child("attn.qkv"), 3 * width), 2, 3);
  const [k, v] = widen?.(key, value) ?? [key, value];
  const leave = (all: Tensor) => (only ? gatherRows(flatten(all), only) : all);
  const mixed = linear(attention(leave(q), k, v, { heads }), scope.child("attn.proj"), width);
  const between = add(leave(x), mixed);
  const inner = layerNorm(between, scope.child("norm2"), config.norm_eps);
  const hidden = gelu(linear(inner, scope.child("mlp.fc1"), width * config.mlp_ratio));
  return add(between, linear(hidden, scope.child("mlp.fc2"), width));
}

/** [batch, length, width] to [batch x length, width]. */
const flatten = (x: Tensor): Tensor => reshape(x, [multiplyDimensions(x.shape[0], x.shape[1]), x.shape[2]]);

/**
 * The masked autoregressive encoder (arXiv 2406.11838) on visible tokens only.
 * visible: [batch, visible, token]; places: their raster numbers, ascending, int64 [batch, visible]; at: the grid, or its
 * {@link encoderPositions}.
 * Result: [batch, buffer + visible, width], the buffer first. `scope` is the checkpoint's `mar`.
 */
export function encodeVisible(
  scope: Scope,
  config: MarConfig,
  visible: Tensor,
  places: Tensor,
  at: Grid | Tensor,
): Tensor {
  const { encoder_embed_dim: width, buffer_size: buffer } = config;
  const [batch] = visible.shape;
  const table = at instanceof Tensor ? at : encoderPositions(scope, config, at);
  const start = { kind: "normal", deviation: 0.02 } as const;
  const latent = reshape(scope.parameter("fake_latent", [1, width], start), [1, 1, width]);
  const buffers = add(broadcastTo(latent, [batch, buffer, width]), slice(table, 0, 0, buffer));
  const tokens = add(
    linear(visible, scope.child("z_proj"), width),
    gatherRows(slice(table, 0, buffer, table.shape[0]), places),
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

/** What may stand at places that are hidden, {@link hiddenRows}, once for all pictures; `canvas` is that of {@link sharedCanvas}. */
export type SharedDecoderInputs = Omit<DecoderInputs, "source"> & { hidden: Tensor };

/** A grid's position tables for the decoder. */
export interface DecoderTables {
  decoder: Tensor;
  diffusion: Tensor;
}

const MASK_TOKEN = { kind: "normal", deviation: 0.02 } as const;

/**
 * What stands at a hidden place: the mask token [1, width] or, when editing, the token of each of the source pictures' places,
 * [sources x rows x columns, width].
 */
export function hiddenRows(scope: Scope, config: MarConfig, source?: Tensor): Tensor {
  const { decoder_embed_dim: width, buffer_size: buffer } = config;
  if (!source) return reshape(scope.parameter("mask_token", [1, 1, width], MASK_TOKEN), [1, width]);
  return flatten(linear(slice(source, 1, buffer, source.shape[1]), scope.child("decoder_embed"), width));
}

/** Places whose conditions are wanted. */
export interface Chosen {
  /** Their numbers among all rows x (buffer + places): int64 [batch, n]. */
  tokens: Tensor;
  /** Their raster numbers: int64 [batch, n]. */
  places: Tensor;
}

/**
 * The masked autoregressive decoder: conditions for the diffusion head at every place, [batch, rows x columns, width], or where places are
 * `chosen` at those, [batch, n, width]; only they leave the last block. `scope` is the checkpoint's `mar`.
 */
export function decode(
  scope: Scope,
  config: MarConfig,
  inputs: DecoderInputs | SharedDecoderInputs,
  at: Grid | DecoderTables,
  chosen?: Chosen,
): Tensor {
  const { buffer_size: buffer, decoder_depth: depth } = config;
  let x = decoderCanvas(scope, config, inputs, "decoder" in at ? at.decoder : at);
  for (let index = 0; index < depth; index++) {
    x = decoderBlock(scope, config, index, x, { only: index === depth - 1 ? chosen?.tokens : undefined });
  }
  const normal = decoderNorm(scope, config, x);
  const places = "diffusion" in at ? at.diffusion : diffusionPositions(scope, config, at);
  if (chosen) return add(normal, gatherRows(places, chosen.places));
  return add(slice(normal, 1, buffer, normal.shape[1]), places);
}

/**
 * What the decoder's first block reads: [batch, buffer + rows x columns, width].
 * Rows that may stand on the canvas, for each picture: the buffer, the visible tokens in raster order, then the mask token or, when
 * editing, the source's token for each place.
 */
export function decoderCanvas(
  scope: Scope,
  config: MarConfig,
  inputs: DecoderInputs | SharedDecoderInputs,
  at: Grid | Tensor,
): Tensor {
  const known = linear(inputs.encoded, scope.child("decoder_embed"), config.decoder_embed_dim);
  const placed = gatherRows(candidates(scope, config, known, inputs), inputs.canvas); // [batch, rows x columns, width]
  const table = at instanceof Tensor ? at : decoderPositions(scope, config, at);
  return add(concat([slice(known, 1, 0, config.buffer_size), placed], 1), table);
}

/** All rows that may stand on the canvas: [n, width]. */
function candidates(
  scope: Scope,
  config: MarConfig,
  known: Tensor,
  inputs: DecoderInputs | SharedDecoderInputs,
): Tensor {
  if ("hidden" in inputs) return concat([flatten(known), inputs.hidden], 0);
  const [batch, , width] = known.shape;
  const own = hiddenRows(scope, config, inputs.source);
  const hidden = inputs.source ? reshape(own, [batch, inputs.canvas.shape[1], width]) : own;
  return flatten(concat([known, broadcastTo(hidden, [batch, hidden.shape.at(-2)!, width])], 1));
}

/** One of the decoder's blocks, see {@link block}. */
export const decoderBlock = (scope: Scope, config: MarConfig, index: number, x: Tensor, partly?: Partly): Tensor =>
  block(x, scope.child("decoder_blocks").child(index), config.decoder_num_heads, config, partly);

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

/**
 * The canvas index for {@link SharedDecoderInputs}, in plain numbers. `places[row]` lists a row's visible places in raster order; row b's
 * hidden places are those of source b, counted round and round, where there are `sources`. Result: [batch x count] rows.
 */
export function sharedCanvas(
  places: readonly ArrayLike<number>[],
  count: number,
  buffer: number,
  sources = 0,
): BigInt64Array {
  const own = buffer + places[0].length;
  const hidden = places.length * own;
  const rows = new BigInt64Array(places.length * count);
  places.forEach((visible, row) => {
    const first = sources === 0 ? hidden : hidden + (row % sources) * count;
    for (let place = 0; place < count; place++) rows[row * count + place] = BigInt(first + (sources === 0 ? 0 : place));
    for (let rank = 0; rank < visible.length; rank++) {
      rows[row * count + visible[rank]] = BigInt(row * own + buffer + rank);
    }
  });
  return rows;
}
