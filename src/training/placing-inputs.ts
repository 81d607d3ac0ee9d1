import { boxOf, type Edit, newThing } from "../data/index.ts";
import type { UniPicConfig } from "../models/config.ts";
import { hostArray } from "../tensor/dtype.ts";
import type { Batch } from "./batches.ts";

/**
 * Where edits put something new: its `box` [batch, 4], left, top, right and bottom as shares of the sides, and whether there `is_new` something,
 * [batch, 1]. Nothing where the model puts nothing in its place.
 *
 * @param edits undefined where an edit is a pair of pictures of which nothing else is known
 */
export function placingInputs(
  { mar }: UniPicConfig,
  edits: readonly (Pick<Edit, "source" | "target"> | undefined)[],
): Batch {
  if (!mar.placed_pixels) return {};
  const boxes = edits.map((edit) => {
    const thing = edit && newThing(edit);
    return thing && boxOf(thing);
  });
  const edges = boxes.flatMap((box) => (box ? [box.left, box.top, box.right, box.bottom] : [0, 0, 0, 0]));
  return {
    box: hostArray("float32", [edits.length, 4], edges),
    is_new: hostArray(
      "float32",
      [edits.length, 1],
      boxes.map((box) => (box ? 1 : 0)),
    ),
  };
}
