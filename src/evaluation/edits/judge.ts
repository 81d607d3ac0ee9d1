/** Whether an edit did what was asked, and nothing else. */

import { GROWTH, inStyle, JUMP, SHRINKAGE } from "../../data/edits/index.ts";
import {
  type Box,
  boxOf,
  type Edit,
  FILTERS,
  relationsBetween,
  type Scene,
  type SceneObject,
  STYLES,
} from "../../data/index.ts";
import type { Picture } from "../../image/index.ts";
import { type Detection, isBackground, longerSide, named, type Sighting } from "../sighting.ts";
import { type Change, changesOf } from "./changes.ts";
import { distance, editedRegion, everywhere, largestDistance, outside } from "./distance.ts";

export type AskedEdit = Pick<Edit, "source" | "target" | "placement">;

export interface EditVerdict {
  /** What is missing of what was asked for, in a few words; undefined when all is there. */
  fault?: string;
  /** How far the result lies from the exact target where nothing was to change, or as a whole where everything was; 0 to 1. */
  distance: number;
  /** Whether what was to stay as it was did. */
  isKept: boolean;
  isRight: boolean;
}

/** A picture that lies no further than this from the target outside the edited region was kept. */
const MOST_DISTANCE = 0.15;
/** A result counts as the target where its distance to it is no more than this share of its distance to the source. */
const NEARER = 0.7;
/**
 * Of these changes the exact target is the one that was asked for, so a result has to lie nearer to it than this share of its distance to
 * the source, whatever the reader finds: it may take a natural red car for one that was painted red, or miss what was to be removed.
 */
const MOST_OF_SOURCE: Readonly<Partial<Record<Change["what"], number>>> = {
  posed: NEARER,
  turned: NEARER,
  recolored: 1,
  resized: 1,
  jumped: 1,
  removed: 1,
};
/** Half of a change in size or height is enough. */
const LARGER = (1 + GROWTH) / 2;
const SMALLER = (1 + SHRINKAGE) / 2;
const JUMPED = JUMP / 2;

/**
 * Judges the result of an edit. What was asked for is found by the reader in `sighting`, or, where it is not about what the reader
 * knows (a pose, the way something faces, the look of the whole picture), by the result being clearly nearer to the exact target than
 * to the source, and to any other look.
 *
 * @param draw draws a scene at the side of the result
 */
export function judgeEdit(
  edit: AskedEdit,
  result: Picture,
  sighting: Sighting,
  draw: (scene: Scene) => Picture,
): EditVerdict {
  const [source, target] = [draw(edit.source), draw(edit.target)];
  const changes = changesOf(edit);
  if (changes.some(({ what }) => what === "filtered" || what === "restyled")) {
    const own = editedRegion(source, target);
    const toTarget = distance(result, target, own);
    const isOther = otherLooks(edit).some((look) => distance(result, draw(look), own) < toTarget);
    const isRight = toTarget <= NEARER * distance(result, source, own) && !isOther;
    const apart = distance(result, target, everywhere(result));
    return { fault: isRight ? undefined : "another look", distance: apart, isKept: true, isRight };
  }
  // What is put in a place may look in many ways; then what has gone from there is for the reader to tell alone.
  const isExact = changes.every(({ what }) => what !== "added");
  const own = editedRegion(source, target);
  const faults = changes.map((change) => {
    const factor = MOST_OF_SOURCE[change.what];
    const isNearer = factor === undefined || distance(result, target, own) < factor * distance(result, source, own);
    const missing = faultOf(change, sighting, edit);
    return missing ?? (isNearer || !isExact ? undefined : `${nameIn(change)} not ${change.what}`);
  });
  const fault = faults.find((each) => each !== undefined);
  const boxes = changes.flatMap((change) => foundBoxes(change, sighting));
  const region = editedRegion(source, target, boxes);
  const apart = largestDistance(result, target, outside(region), bystanders(edit).map(boxOf));
  const isKept = apart <= MOST_DISTANCE;
  return { fault, distance: apart, isKept, isRight: isKept && fault === undefined };
}

/** What else a change of look could have led to. */
function otherLooks({ source, target }: AskedEdit): Scene[] {
  const filters = FILTERS.filter((filter) => filter !== target.filter);
  const [first] = target.objects;
  const styles = target.filter === undefined ? STYLES.filter((style) => style !== first.style) : [];
  return [...filters.map((filter) => ({ ...source, filter })), ...styles.map((style) => inStyle(source, style))];
}

/** What is missing of a change as far as the reader can see; nothing of a change that shows in distances only. */
function faultOf(change: Change, sighting: Sighting, { placement, target }: AskedEdit): string | undefined {
  switch (change.what) {
    case "added": {
      const { name, color } = change.object;
      const found = named(sighting, name);
      if (found.length === 0) return `no ${name}`;
      const fitting = found.filter((each) => color === null || each.color === color);
      if (fitting.length === 0) return `${name} is ${found[0].color}`;
      if (placement === undefined) return undefined;
      const { relation, anchor } = placement;
      // The anchor stays where it was, which need not be read off the picture.
      const from = boxOf(target.objects.find((object) => object.name === anchor)!);
      const isPlaced = fitting.some(({ box }) => relationsBetween(box, from).includes(relation));
      return isPlaced ? undefined : `${name} not ${relation} ${anchor}`;
    }
    case "removed":
      return named(sighting, change.object.name).length === 0 ? undefined : `still a ${change.object.name}`;
    case "background":
      return isBackground(sighting, change.background) ? undefined : `background is ${sighting.background.kind}`;
    case "posed":
    case "turned":
    case "filtered":
    case "restyled":
      return undefined;
    default:
      return faultOfObject(change, named(sighting, change.after.name));
  }
}

/** What is missing of a change to an object, given all that was found under its name. */
function faultOfObject(
  { what, before, after }: Extract<Change, { what: "recolored" | "resized" | "jumped" }>,
  found: readonly Detection[],
): string | undefined {
  const { name } = after;
  if (found.length === 0) return `no ${name}`;
  const was = boxOf(before);
  const isDone = found.some(({ color, box }) => {
    if (what === "recolored") return color === after.color;
    if (what === "jumped") return was.bottom - box.bottom >= JUMPED;
    const factor = longerSide(box) / longerSide(was);
    return after.size > before.size ? factor >= LARGER : factor <= SMALLER;
  });
  if (isDone) return undefined;
  return what === "recolored" ? `${name} is ${found[0].color}` : `${name} not ${what}`;
}

const nameIn = (change: Change): string =>
  "after" in change ? change.after.name : "object" in change ? change.object.name : "picture";

/** The objects that an edit leaves as they are. */
const bystanders = ({ source, target }: AskedEdit): SceneObject[] =>
  target.objects.filter((object) => source.objects.some((other) => JSON.stringify(other) === JSON.stringify(object)));

/** Where in the result the objects that an edit changes are: wherever they ended up, they are part of the edited region. */
function foundBoxes(change: Change, sighting: Sighting): Box[] {
  if (change.what === "added") return named(sighting, change.object.name).map(({ box }) => box);
  return "after" in change ? named(sighting, change.after.name).map(({ box }) => box) : [];
}
