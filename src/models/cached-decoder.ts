import { Scope } from "../nn/scope.ts";
import { add, concat, gatherRows, input, multiplyDimensions, reshape, type Tensor } from "../tensor/index.ts";
import type { MarConfig, UniPicConfig } from "./config.ts";
import { decoderBlock, decoderCanvas, decoderNorm, diffusionPositions } from "./mar.ts";
import type { Grid } from "./position-table.ts";
import { canvasInputs, type Traced } from "./programs.ts";

/** Blocks that compute every token in every round; how little a token changes in them says how little it will change in the others. */
const EARLY_BLOCKS = 3;

/** The decoder's early blocks: three, or half of a decoder that has less than six. */
export const earlyBlocks = (mar: MarConfig): number => Math.min(EARLY_BLOCKS, Math.floor(mar.decoder_depth / 2));

/**
 * The first part of a decoder that reuses features (LazyMAR's token cache, arXiv 2503.12450): its early blocks on all tokens.
 * In: `fused`, the states of the buffer and the visible tokens after the language model, [rows, known, encoder width]; `canvas` and, when
 * editing, `source` as for `traceRound`. Out: `early` [rows, buffer + places, decoder width].
 */
export function traceEarlyBlocks(config: UniPicConfig, grid: Grid, kind: { editing: boolean }): Traced {
  const root = Scope.root();
  const { mar } = config;
  const scope = root.child("mar");
  const encoded = input("fused", "float32", ["rows", "known", mar.encoder_embed_dim]);
  let early = decoderCanvas(scope, mar, { encoded, ...canvasInputs(mar, grid, kind) }, grid);
  for (let index = 0; index < earlyBlocks(mar); index++) early = decoderBlock(scope, mar, index, early);
  return { outputs: { early }, parameters: root.parameters };
}

/**
 * The second part: the other blocks on some tokens only, which attend to all. What the rest had for keys and values when they were last
 * computed still stands for them.
 *
 * In: `early` [rows, buffer + places, width]; `active` [rows, active], the numbers among all rows x tokens of those to compute; keys and
 * values as they were, `past key0`, `past value0`, ... [cached, buffer + places, width]; `merge` [rows, buffer + places], for every token the number of its
 * key and value among the cached ones and then the active ones; `chosen` [chosen] numbers among rows x active, and their `places` in
 * the grid.
 * Out: `condition` [chosen, width] and all keys and values, `key0`, `value0`, ... [rows, buffer + places, width].
 */
export function traceLateBlocks(config: UniPicConfig, grid: Grid): Traced {
  const root = Scope.root();
  const { mar } = config;
  const scope = root.child("mar");
  const { decoder_embed_dim: width } = mar;
  const all = mar.buffer_size + grid[0] * grid[1];
  const early = input("early", "float32", ["rows", all, width]);
  const active = input("active", "int64", ["rows", "active"]);
  const merge = input("merge", "int64", ["rows", all]);
  const outputs: Record<string, Tensor> = {};
  const merged = (name: string, fresh: Tensor): Tensor => {
    const past = reshape(input(`past ${name}`, "float32", ["cached", all, width]), [
      multiplyDimensions("cached", all),
      width,
    ]);
    const result = gatherRows(concat([past, reshape(fresh, ["rows*active", width])], 0), merge);
    outputs[name] = result;
    return result;
  };
  let x = gatherRows(reshape(early, [multiplyDimensions("rows", all), width]), active); // [rows, active, width]
  for (let index = earlyBlocks(mar); index < mar.decoder_depth; index++) {
    x = decoderBlock(scope, mar, index, x, (key, value) => [
      merged(`key${index}`, key),
      merged(`value${index}`, value),
    ]);
  }
  const chosen = gatherRows(reshape(x, ["rows*active", width]), input("chosen", "int64", ["chosen"]));
  const places = gatherRows(diffusionPositions(scope, mar, grid), input("places", "int64", ["chosen"]));
  outputs.condition = add(decoderNorm(scope, mar, chosen), places);
  return { outputs, parameters: root.parameters };
}
