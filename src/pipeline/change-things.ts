import { blend, grown, rise } from "../image/blend.ts";
import { type CutOut, cutOutBy, frameColor, mirrored, type Region } from "../image/cut-out.ts";
import { paste } from "../image/paste.ts";
import { type Picture, picture } from "../image/picture.ts";
import type { Grid } from "../models/position-table.ts";
import type { Value } from "../runtime/values.ts";
import { hostArray } from "../tensor/dtype.ts";
import { asPicture, asPixels } from "./picture-pixels.ts";
import type { Programs } from "./programs.ts";
import type { ToldChange, ToldChanges } from "./told-changes.ts";

/** What of a source is read to change it. */
export interface ChangedSource {
  picture: Picture;
  grid: Grid;
  /** Its features by the vision tower: [1, patches, hidden]. */
  vision: Value;
  /** Of the edit's prompt: [1, length, hidden]. */
  embeddings: Value;
}

/** Something of a source, found. */
export interface FoundThing extends ToldChange {
  /** How much of every pixel is the thing's, and how likely it is the thing's or its shadow's, 0 to 1. */
  own: Float32Array;
  touched: Float32Array;
  /** The source in the color that is asked for. */
  painted: Picture;
  /** The thing in the pose that is asked for, where one is. */
  posed?: CutOut;
}

/** Something new, and where it goes. */
export interface FreshThing {
  /** What draws it by itself. */
  prompt: string;
  box: Region;
}

export interface FoundChanges {
  things: FoundThing[];
  fresh?: FreshThing;
  /** See `ToldChanges`. */
  restStays: boolean;
  /** The source without anything in it. */
  cleared?: Picture;
  /** The whole source in another look, where that is what is asked for. */
  look?: Picture;
}

export const NO_CHANGES: FoundChanges = { things: [], restStays: false };

/** Chances that a pixel is the thing's below which it is not, and from which on all of it is: a part of a thing that is left as it was shows more than a rim. */
const UNLIKELY = 0.2;
const LIKELY = 0.5;

/** A pixel of which more than this is the thing's is part of it. */
const OWN = 0.5;
/** The cut has no more of the background than this. */
const CUT = 0.6;

/** The source in the look that is asked for; undefined where that is not all that an edit asks for. */
export async function lookOf(
  programs: Programs,
  { picture, grid, embeddings }: Omit<ChangedSource, "vision">,
): Promise<Picture | undefined> {
  const { pixels, odds } = await programs.look(grid).run({ source: asPixels(picture), embeddings });
  return (odds.data as Float32Array)[0] > 0 ? asPicture(pixels) : undefined;
}

/** Finds what is to be changed, what is behind all that the source shows, and where something new goes, if there is any. */
export async function findThings(
  programs: Programs,
  { picture, grid, vision, embeddings }: ChangedSource,
  { things, fresh, beside }: ToldChanges,
): Promise<Required<Pick<FoundChanges, "things" | "cleared">> & { box?: Region }> {
  const source = asPixels(picture);
  const { pixels } = await programs.clearSource(grid).run({ drawn: source, embeddings });
  const cleared = asPicture(pixels);
  const marks = (tokens: Float32Array) => hostArray("float32", [1, tokens.length], tokens);
  const planes = (chances: Float32Array) => hostArray("float32", [1, 1, picture.height, picture.width], chances);
  const area = picture.width * picture.height;
  const find = async (tokens: Float32Array, color: Float32Array = new Float32Array(tokens.length)) => {
    const feeds = { source, vision, embeddings, thing: marks(tokens), color: marks(color) };
    const { shares, pixels } = await programs.change(grid).run(feeds);
    const both = shares.data as Float32Array;
    return { chances: both.slice(0, area), touched: both.slice(area), painted: asPicture(pixels) };
  };
  const found: FoundThing[] = [];
  for (const thing of things) {
    const { chances, ...seen } = await find(thing.tokens, thing.color);
    const own = chances.map((chance) => rise(chance, UNLIKELY, LIKELY));
    const feeds = { source, vision, embeddings, share: planes(chances) };
    const posed = thing.poses ? await inPose(programs, grid, feeds) : undefined;
    found.push({ ...thing, ...seen, own, posed });
  }
  if (!fresh) return { things: found, cleared };
  const gone = beside ? undefined : placeOfGone(picture, found, fresh.from);
  if (gone) return { things: found, cleared, box: gone };
  const share = planes(beside ? (await find(beside)).chances : new Float32Array(area));
  const { box } = await programs.place(grid).run({ source, share, embeddings });
  const [left, top, right, bottom] = box.data as Float32Array;
  return { things: found, cleared, box: { left, top, right, bottom } };
}

/** Something found, drawn in the pose that is asked for; undefined where that comes out as nothing. */
async function inPose(
  programs: Programs,
  grid: Grid,
  feeds: Readonly<Record<"source" | "vision" | "embeddings" | "share", Value>>,
): Promise<CutOut | undefined> {
  const { pixels, shares } = await programs.pose(grid).run(feeds);
  return cutOutBy(asPicture(pixels), mostly(shares.data as Float32Array, OWN));
}

const isMoved = ({ scale, lift, mirrors, poses }: ToldChange): boolean => scale !== 1 || lift !== 0 || mirrors || poses;

/** Whether what is behind something comes to be seen. */
export const leavesPlace = (change: ToldChange): boolean => change.goes || isMoved(change);

/**
 * A result, or the source itself, with what is changed of the source: first what goes or moves from its place, and then what stands in it.
 * @param cleared the source without anything in it
 */
export function changeThings(source: Picture, cleared: Picture, onto: Picture, things: readonly FoundThing[]): Picture {
  let result = onto;
  for (const thing of things) {
    if (thing.alone) result = filled(result, frameColor(result));
    if (leavesPlace(thing)) result = blend(result, cleared, grown(thing.touched, source.width));
  }
  for (const thing of things) {
    if (thing.goes) continue;
    const look = thing.recolors ? blend(source, thing.painted, thing.own) : source;
    if (!isMoved(thing)) {
      result = blend(result, look, thing.own);
      continue;
    }
    const cut = cutOf(look, thing);
    if (!cut) continue;
    const shown = thing.posed ?? cut;
    result = paste(result, thing.mirrors ? mirrored(shown) : shown, movedTo(cut.region, thing));
  }
  return result;
}

/** Where the last thing was that goes away and is named before a token, or the first that is after it; undefined where nothing goes. */
export function placeOfGone(source: Picture, things: readonly FoundThing[], before: number): Region | undefined {
  const going = things.filter(({ goes }) => goes);
  const gone = going.findLast(({ tokens }) => tokens.indexOf(1) < before) ?? going[0];
  return gone && cutOf(source, gone, OWN)?.region;
}

const cutOf = (look: Picture, { own }: FoundThing, least = CUT): CutOut | undefined =>
  cutOutBy(look, mostly(own, least));

/** 1 where there is more of something than so much, 0 elsewhere. */
const mostly = (shares: ArrayLike<number>, least: number): Uint8Array =>
  Uint8Array.from(shares, (share) => (share > least ? 1 : 0));

/** The place of something that stays on its ground, or is lifted from it. */
function movedTo({ left, top, right, bottom }: Region, { scale, lift }: ToldChange): Region {
  const [middle, wide] = [(left + right) / 2, (right - left) * scale];
  const high = (bottom - top) * scale;
  return { left: middle - wide / 2, right: middle + wide / 2, top: bottom - lift - high, bottom: bottom - lift };
}

/** A plain picture of the same size. */
function filled({ width, height, data }: Picture, color: readonly number[]): Picture {
  return picture(
    width,
    height,
    data.map((_, i) => color[i % 3]),
  );
}
