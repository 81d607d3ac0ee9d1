import { canvasRows } from "../models/mar.ts";
import { tokensBetween } from "../sampling/orders.ts";
import { type HostArray, hostArray } from "../tensor/dtype.ts";

/** Prompts as token ids, filled up on the right to the longest; what fills them is never looked at. */
export interface PaddedPrompts {
  rows: readonly (readonly number[])[];
  /** Tokens of each row that are its own. */
  lengths: readonly number[];
}

/** What of a drawing batch is left to chance: the order of each picture's tokens, and how many of each are hidden. */
export interface HiddenTokens {
  orders: readonly Int32Array[];
  masked: number;
}

/** The inputs of the drawing losses (`DrawingInputs` in losses.ts) that follow from the prompts and from what is hidden. */
export type ArrangedInputs = Record<
  "places" | "visible" | "canvas" | "predicted" | "ids" | "positions" | "mask",
  HostArray
>;

/**
 * Arranges a drawing batch.
 *
 * @param buffer the config's `buffer_size`
 * @param repeats how often each hidden token is predicted, with fresh noise: the config's `diffusion_batch_mul`
 * @param editing whether a source picture stands on the decoder's canvas
 */
export function arrangeDrawing(
  { rows, lengths }: PaddedPrompts,
  { orders, masked }: HiddenTokens,
  buffer: number,
  repeats: number,
  editing: boolean,
): ArrangedInputs {
  const batch = rows.length;
  const [length, count] = [rows[0].length, orders[0].length];
  const visible = count - masked;
  const places = orders.map((order) => Array.from(tokensBetween(order, masked, count)));
  const rowsOf = (own: ArrayLike<number>, b: number) => Array.from(own, (place) => b * count + place);
  const hidden = orders.flatMap((order, b) => rowsOf(tokensBetween(order, 0, masked), b));
  const predicted = Array.from({ length: repeats }, () => hidden).flat();
  const total = length + visible + buffer;
  const positions = new BigInt64Array(batch * total);
  const mask = new BigInt64Array(batch * total);
  for (let b = 0; b < batch; b++) {
    for (let i = 0; i < total; i++) {
      const own = i - length;
      positions[b * total + i] = BigInt(own < 0 ? i : lengths[b] + own);
      mask[b * total + i] = own < 0 && i >= lengths[b] ? 0n : 1n;
    }
  }
  return {
    places: hostArray("int64", [batch, visible], places.flat()),
    visible: hostArray("int64", [batch, visible], places.flatMap(rowsOf)),
    canvas: hostArray("int64", [batch, count], canvasRows(places, count, buffer, editing)),
    predicted: hostArray("int64", [predicted.length], predicted),
    ids: hostArray("int64", [batch, length], rows.flat()),
    positions: hostArray("int64", [batch, total], positions),
    mask: hostArray("int64", [batch, total], mask),
  };
}
