import { tokenWidth, type UniPicConfig } from "../models/config.ts";
import { canvasRows } from "../models/mar.ts";
import type { Grid } from "../models/position-table.ts";
import { pastFeeds } from "../models/programs.ts";
import type { Value } from "../runtime/values.ts";
import { hostArray } from "../tensor/dtype.ts";

/** The context that pictures are drawn in: one row a picture or, guided, two with the unconditional ones last. */
export interface DrawingContext {
  /** What the language model left of the prompts, by name (`key0`, `value0`, ...). */
  cache: Readonly<Record<string, Value>>;
  /** Valid tokens of each row, and the length all rows are padded to. */
  lengths: readonly number[];
  padded: number;
  /** When editing: the source pictures' encoder output, [rows, buffer + places, encoder width]. */
  source?: Value;
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

/** The inputs of `traceRound` but for `predicted`. */
export function roundFeeds({ config, grid, context, tokens, visible }: RoundInput): Record<string, Value> {
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
  const total = context.padded + own;
  const positions = new BigInt64Array(rows * own);
  const mask = new BigInt64Array(rows * total).fill(1n);
  context.lengths.forEach((length, row) => {
    mask.fill(0n, row * total + length, row * total + context.padded);
    for (let i = 0; i < own; i++) positions[row * own + i] = BigInt(length + i);
  });
  const canvas = canvasRows(
    twin.map((picture) => visible[picture]),
    count,
    buffer,
    context.source !== undefined,
  );
  return {
    ...pastFeeds(context.cache),
    visible: hostArray("float32", [pictures, seen, width], known),
    places: hostArray(
      "int64",
      [pictures, seen],
      visible.flatMap((places) => Array.from(places)),
    ),
    twin: hostArray("int64", [rows], twin),
    positions: hostArray("int64", [rows, own], positions),
    mask: hostArray("int64", [rows, total], mask),
    canvas: hostArray("int64", [rows, count], canvas),
    ...(context.source ? { source: context.source } : {}),
  };
}
