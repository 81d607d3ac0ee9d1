import { Scope } from "../nn/scope.ts";
import { add, concat, gatherRows, input, multiplyDimensions, reshape, type Tensor } from "../tensor/index.ts";
import type { MarConfig, UniPicConfig } from "./config.ts";
import { decoderInputs } from "./drawing-programs.ts";
import { decoderBlock, decoderCanvas, decoderNorm } from "./mar.ts";
import type { Traced } from "./programs.ts";

/** Blocks that compute every token in every round; how little a token changes in them says how little it will change in the others. */
const EARLY_BLOCKS = 3;

/** The decoder's early blocks: three, or half of a decoder that has less than six. */
export const earlyBlocks = (mar: MarConfig): number => Math.min(EARLY_BLOCKS, Math.floor(mar.decoder_depth / 2));

/**
 * The first part of a decoder that reuses features (LazyMAR's token cache, arXiv 2503.12450): its early blocks on all tokens.
 * In: as `traceDecoder`, without what is chosen and `diffusion positions`. Out: `early` [rows, buffer + places, decoder width].
 */
export function traceEarlyBlocks(config: UniPicConfig): Traced {
  const root = Scope.root();
  const { mar } = config;
  const scope = root.child("mar");
  const { inputs, tables } = decoderInputs(root, config);
  let early = decoderCanvas(scope, mar, inputs, tables.decoder);
  for (let index = 0; index < earlyBlocks(mar); index++) early = decoderBlock(scope, mar, index, early);
  return { outputs: { early }, parameters: root.parameters };
}

/**
 * The second part: the other blocks on some tokens only, which attend to all. What the rest had for keys and values when they were last
 * computed still stands for them.
 *
 * In: `early` [rows, all, width], all being the buffer and the places; `active` [rows, active], the numbers among all rows x tokens of those
 * to compute; keys and values as they were, `past key0`, `past value0`, ... [cached, all, width]; `merge` [rows, all], for every token the
 * number of its key and value among the cached ones and then the active ones; `chosen` [chosen] numbers among rows x active, their
 * `places` in the grid, and the grid's `diffusion positions`.
 * Out: `condition` [chosen, decoder width] and all keys and values, `key0`, `value0`, ... [rows, all, width].
 */
export function traceLateBlocks(config: UniPicConfig): Traced {
  const root = Scope.root();
  const { mar } = config;
  const scope = root.child("mar");
  const { decoder_embed_dim: width } = mar;
  const early = input("early", "float32", ["rows", "all", width]);
  const active = input("active", "int64", ["rows", "active"]);
  const merge = input("merge", "int64", ["rows", "all"]);
  const outputs: Record<string, Tensor> = {};
  const merged = (name: string, fresh: Tensor): Tensor => {
    const past = reshape(input(`past ${name}`, "float32", ["cached", "all", width]), [
      multiplyDimensions("cached", "all"),
      width,
    ]);
    const result = gatherRows(concat([past, reshape(fresh, ["rows*active", width])], 0), merge);
    outputs[name] = result;
    return result;
  };
  let x = gatherRows(reshape(early, [multiplyDimensions("rows", "all"), width]), active); // [rows, active, width]
  for (let index = earlyBlocks(mar); index < mar.decoder_depth; index++) {
    const widen = (key: Tensor, value: Tensor) => [merged(`key${index}`, key), merged(`value${index}`, value)] as const;
    x = decoderBlock(scope, mar, index, x, { widen });
  }
  const chosen = gatherRows(reshape(x, ["rows*active", width]), input("chosen", "int64", ["chosen"]));
  const table = input("diffusion positions", "float32", ["positions", width]);
  const places = gatherRows(table, input("places", "int64", ["chosen"]));
  outputs.condition = add(decoderNorm(scope, mar, chosen), places);
  return { outputs, parameters: root.parameters };
}
