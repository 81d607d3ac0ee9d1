import { drawScene } from "../data/draw.ts";
import { type Edit, placedThing } from "../data/index.ts";
import { picture } from "../image/picture.ts";
import { findOnPlain, putInPlace, type Region } from "../image/put-in-place.ts";
import type { UniPicConfig } from "../models/config.ts";
import type { Random } from "../random.ts";
import { hostArray } from "../tensor/dtype.ts";
import type { Batch } from "./batches.ts";

/** Deviation of the edges by which something is put in its place in training, as a model is off them: shares of the side. */
const ROUGHLY = 0.01;
const PLANES = 4;
const BOXES = 8;
const FACTS = 4;

/**
 * What the losses of edits read where the model puts things in their places (`PlacingInputs` in losses.ts); nothing where it does not.
 *
 * @param edits undefined where an edit is a pair of pictures of which nothing else is known
 */
export function placingInputs(
  { mar }: UniPicConfig,
  edits: readonly (Pick<Edit, "source" | "target"> | undefined)[],
  random: Random,
): Batch {
  if (!mar.placed_pixels) return {};
  const { img_size: size } = mar;
  const count = edits.length;
  const area = PLANES * size * size;
  const placed = new Float32Array(count * area);
  const boxes = new Float32Array(count * BOXES);
  const facts = new Float32Array(count * FACTS);
  edits.forEach((edit, i) => {
    if (edit === undefined) return;
    const thing = placedThing(edit);
    const flip = thing?.flip ?? false;
    facts.set([1, thing ? 1 : 0, thing && !thing.isNew ? 1 : 0, flip ? 1 : 0], i * FACTS);
    if (thing === undefined) return;
    const shown = picture(size, size, drawScene(thing.scene, size));
    const from = (thing.isNew ? findOnPlain(shown) : undefined) ?? roughly(random, thing.from);
    const put = { from, to: roughly(random, thing.to), flip };
    placed.set(putInPlace(shown, put, size, thing.isNew ? 1 : -1), i * area);
    boxes.set([...edges(thing.from), ...edges(thing.to)], i * BOXES);
  });
  return {
    placed: hostArray("float32", [count, PLANES, size, size], placed),
    boxes: hostArray("float32", [count, BOXES], boxes),
    facts: hostArray("float32", [count, FACTS], facts),
  };
}

const edges = ({ left, top, right, bottom }: Region): number[] => [left, top, right, bottom];

function roughly(random: Random, region: Region): Region {
  const [left, top, right, bottom] = edges(region).map((edge) => edge + ROUGHLY * random.normal());
  return { left, top, right, bottom };
}
