import { CHANGE_NUMBERS, type ChangeNumber } from "../models/changing.ts";
import { longestOf, meanOver, runsOf } from "./marked-words.ts";

/** Something that an edit's instruction names, and what becomes of it. */
export interface ToldChange {
  /** 1 for tokens of the prompt that name it, 0 for others. */
  tokens: Float32Array;
  /** The same for the color that it gets. */
  color: Float32Array;
  goes: boolean;
  /** Whether it is all that stays. */
  alone: boolean;
  recolors: boolean;
  mirrors: boolean;
  poses: boolean;
  /** How many times as large it becomes; 1 where it stays as large. */
  scale: number;
  /** How far it is lifted, as a share of the side; 0 where it is not. */
  lift: number;
}

export interface ToldChanges {
  things: ToldChange[];
  /** What is new: the tokens that name it, from where up to where, and whether it stands out most from the first of `BACKDROPS`. */
  fresh?: { from: number; to: number; onFirst: boolean };
  /** 1 for tokens that name what that is put beside. */
  beside?: Float32Array;
  /** Whether all stays that is not named, beside what is new. */
  restStays: boolean;
}

/** Less than this is no change of size, as a logarithm, and of height. */
const LEAST_SCALE = 0.1;
const LEAST_LIFT = 0.04;
/** Nothing is made so much larger or smaller, as a logarithm, or lifted so far. */
const MOST_SCALE = 2;
const MOST_LIFT = 1;

/** What an edit changes and brings, by what `traceTellChanges` says of every token of its prompt, of which those from `after` on are the instruction's. */
export function changesOf(length: number, after: number, said: Float32Array): ToldChanges {
  const number = (at: number, name: ChangeNumber) => said[at * CHANGE_NUMBERS.length + CHANGE_NUMBERS.indexOf(name)];
  const marked = (name: ChangeNumber) => Array.from({ length }, (_, at) => at >= after && number(at, name) > 0);
  const tokens = ([from, to]: readonly [number, number]) =>
    Float32Array.from({ length }, (_, at) => (at >= from && at < to ? 1 : 0));
  const meanOf = (run: readonly [number, number], name: ChangeNumber) => meanOver(run, (at) => number(at, name));
  /** The first color that is named after something and before what changes next; else any. */
  const colorOf = ([, to]: readonly [number, number], next: readonly [number, number] = [length, length]) => {
    const own = colors.find(([from]) => from >= to && from < next[0]);
    return own ? tokens(own) : Float32Array.from(marked("isColor"), Number);
  };
  const named = runsOf(marked("isThing"));
  const colors = runsOf(marked("isColor"));
  const things = named.map((run, i) => {
    const mean = (name: ChangeNumber) => meanOf(run, name);
    const [logScale, lift] = [mean("logScale"), mean("lift")];
    return {
      tokens: tokens(run),
      color: colorOf(run, named[i + 1]),
      goes: mean("goes") > 0,
      alone: mean("alone") > 0,
      recolors: mean("recolors") > 0,
      mirrors: mean("mirrors") > 0,
      poses: mean("poses") > 0,
      scale: Math.abs(logScale) < LEAST_SCALE ? 1 : Math.exp(Math.max(-MOST_SCALE, Math.min(MOST_SCALE, logScale))),
      lift: Math.abs(lift) < LEAST_LIFT ? 0 : Math.max(-MOST_LIFT, Math.min(MOST_LIFT, lift)),
    };
  });
  const [fresh, beside] = [longestOf(runsOf(marked("isNew"))), longestOf(runsOf(marked("isBeside")))];
  const stays = [...named, ...(fresh ? [fresh] : [])].map((run) => meanOf(run, "restStays"));
  return {
    things,
    fresh: fresh && { from: fresh[0], to: fresh[1], onFirst: meanOf(fresh, "onFirst") > 0 },
    beside: beside && tokens(beside),
    restStays: stays.reduce((sum, each) => sum + each, 0) > 0,
  };
}
