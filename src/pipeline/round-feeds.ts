import { tokenWidth, type UniPicConfig } from "../models/config.ts";
import { sharedCanvas } from "../models/mar.ts";
import type { Grid } from "../models/position-table.ts";
import type { Value } from "../runtime/values.ts";
import { type HostArray, hostArray } from "../tensor/dtype.ts";
import type { RoundFeeds } from "./drawing-round.ts";
import { pastFeeds } from "./kv-cache.ts";
import type { ReadContext } from "./read-prompts.ts";

/** The context that pictures are drawn in: one row a picture or, guided, two with the unconditional ones last. */
export interface DrawingContext extends ReadContext {
  /** When editing: what stands at hidden places, see `traceHidden`, row b's being source b's, counted round and round. */
  sources?: { count: number; hidden: Value };
}

/** A round that is about to be computed. */
export interface RoundInput {
  config: UniPicConfig;
  grid: Grid;
  context: DrawingContext;
  /** All pictures' tokens so far, [pictures x places, token], and each picture's visible places in raster order, equally many. */
  tokens: Float32Array;
  visible: readonly Int32Array[];
}

/** What a round's programs read, but for what is chosen. */
export function roundFeeds({ config, grid, context, tokens, visible }: RoundInput): RoundFeeds {
  const pictures = visible.length;
  const rows = context.lengths.length;
  const count = grid[0] * grid[1];
  const width = tokenWidth(config.mar);
  const { buffer_size: buffer } = config.mar;
  const seen = visible[0].length;
  const own = buffer + seen;
  const known = new Float32Array(pictures * seen * width);
  visible.forEach((places, picture) => {
    places.forEach((place, i) => {
      const from = (picture * count + place) * width;
      known.set(tokens.subarray(from, from + width), (picture * seen + i) * width);
    });
  });
  const twin = Array.from({ length: rows }, (_, row) => row % pictures);
  const positions = context.lengths.flatMap((length) => Array.from({ length: own }, (_, i) => length + i));
  const { sources } = context;
  const canvas = sharedCanvas(
    twin.map((picture) => visible[picture]),
    count,
    buffer,
    sources?.count,
  );
  const places = visible.flatMap((own) => Array.from(own));
  return {
    encoder: {
      visible: hostArray("float32", [pictures, seen, width], known),
      places: hostArray("int64", [pictures, seen], places),
      twin: hostArray("int64", [rows], twin),
    },
    language: {
      ...pastFeeds(context.cache),
      positions: hostArray("int64", [rows, own], positions),
      before: hostArray("int64", [rows], context.lengths),
    },
    decoder: { canvas: hostArray("int64", [rows, count], canvas), ...(sources ? { hidden: sources.hidden } : {}) },
  };
}

/**
 * Places whose conditions are wanted, as the decoder reads them.
 *
 * @param wanted each picture's, equally many; rows are taken to be the pictures, once or several times
 * @param count places of a picture
 */
export function chosenFeeds(
  wanted: readonly Int32Array[],
  rows: number,
  buffer: number,
  count: number,
): Record<string, HostArray> {
  const all = Array.from({ length: rows }, (_, row) => wanted[row % wanted.length]);
  const tokens = all.flatMap((places, row) => Array.from(places, (place) => row * (buffer + count) + buffer + place));
  const shape = [rows, wanted[0].length];
  return {
    chosen: hostArray("int64", shape, tokens),
    "chosen places": hostArray(
      "int64",
      shape,
      all.flatMap((places) => Array.from(places)),
    ),
  };
}
