import { drawScene } from "../data/draw.ts";
import { boxOf, type Edit, newThing, placedThing } from "../data/index.ts";
import { picture } from "../image/picture.ts";
import { findOnPlain, putInPlace, type Region } from "../image/put-in-place.ts";
import type { UniPicConfig } from "../models/config.ts";
import type { Random } from "../random.ts";
import { hostArray } from "../tensor/dtype.ts";
import type { Batch } from "./batches.ts";

/** Deviation of the edges by which something is put in its place in training, as a model is off them: shares of the side. */
const ROUGHLY = 0.01;
/** By so much, in deviations, what is new may stand elsewhere or be larger or smaller than an edit says: what is put there is to be shown wherever it is put. */
const ELSEWHERE = { place: 0.05, size: 0.12 } as const;
/** How often an edit that puts something in its place is shown as if nothing had been drawn of it beside. */
const UNDRAWN_SHARE = 0.5;
const PLANES = 4;
const BOXES = 8;
const FACTS = 5;

type Pair = Pick<Edit, "source" | "target">;

/** An edit of which only the pictures differ from another: what is new in its target stands a little elsewhere. */
export function standElsewhere<Shown extends Pair>({ mar }: UniPicConfig, edit: Shown, random: Random): Shown {
  const thing = mar.placed_pixels ? newThing(edit) : undefined;
  if (thing === undefined) return edit;
  const moved = { ...thing, size: Math.min(MOST_SIZE, thing.size * Math.exp(ELSEWHERE.size * random.normal())) };
  const box = boxOf(moved);
  const within = (at: number, half: number) =>
    Math.min(1 - half, Math.max(half, at + ELSEWHERE.place * random.normal()));
  moved.x = within(thing.x, (box.right - box.left) / 2);
  moved.y = within(thing.y, (box.bottom - box.top) / 2);
  const objects = edit.target.objects.map((object) => (object === thing ? moved : object));
  return { ...edit, target: { ...edit.target, objects } };
}

const MOST_SIZE = 0.9;

/**
 * What the losses of edits read where the model puts things in their places (`PlacingInputs` in losses.ts); nothing where it does not.
 *
 * @param edits undefined where an edit is a pair of pictures of which nothing else is known
 * @param shown the same with the pictures that are shown, see {@link standElsewhere}
 */
export function placingInputs(
  { mar }: UniPicConfig,
  edits: readonly (Pair | undefined)[],
  shown: readonly (Pair | undefined)[],
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
    if (edit === undefined) {
      facts[i * FACTS + 4] = 1;
      return;
    }
    const thing = placedThing(edit);
    const flip = thing?.flip ?? false;
    const isDrawn = thing === undefined || !random.happens(UNDRAWN_SHARE);
    facts.set([1, thing ? 1 : 0, thing && !thing.isNew ? 1 : 0, flip ? 1 : 0, isDrawn ? 1 : 0], i * FACTS);
    if (thing === undefined) return;
    const whole = picture(size, size, drawScene(thing.scene, size));
    const from = (thing.isNew ? findOnPlain(whole) : undefined) ?? roughly(random, thing.from);
    const put = { from, to: roughly(random, placedThing(shown[i] ?? edit)!.to), flip };
    placed.set(putInPlace(whole, put, size, thing.isNew ? 1 : -1), i * area);
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
