/**
 * What an edit's instruction changes of what its source shows, for the config's `changed_pixels`; no part of the official model. The words around a word say
 * whether it names something that changes, and how: it goes, it is painted, turned, made smaller or larger, lifted, or takes another pose. What it names is then found in the
 * source (models/finding.ts) and changed by itself, so that all else stays.
 */

import { logLikelihood } from "../nn/bernoulli.ts";
import { smoothDistance } from "../nn/distance.ts";
import { linear } from "../nn/linear.ts";
import { meanOfCounted, weightedMean } from "../nn/means.ts";
import type { Scope } from "../nn/scope.ts";
import { withSurroundings } from "../nn/surroundings.ts";
import { twoLayers } from "../nn/two-layers.ts";
import { add, multiply, negate, slice, type Tensor, unsqueeze } from "../tensor/index.ts";

/** What is said of every token, in this order: log-odds, and then two amounts. */
export const CHANGE_NUMBERS = [
  /** It is one of the words for something that changes, or of those for a color that this gets. */
  "isThing",
  "isColor",
  /** What it names goes away, is all that stays, gets the color, is turned around, or takes another pose. */
  "goes",
  "alone",
  "recolors",
  "mirrors",
  "poses",
  /** Beside things that change or are new, all stays. */
  "restStays",
  /** The logarithm of how many times as large it becomes, and how far it is lifted, as a share of the side. */
  "logScale",
  "lift",
] as const;
export type ChangeNumber = (typeof CHANGE_NUMBERS)[number];

/** What is known of every token, see `changesLoss`: whether that is so, and these numbers. */
export const CHANGES_KNOWN = 1 + CHANGE_NUMBERS.length;

/** Of the numbers the first two are known of every token, and all others of those that name something. */
const OF_EVERY = 2;
/** The last ones are amounts. */
const AMOUNTS = 2;
const OWN = 48;
const WIDTH = 160;
const AROUND = 12;
/** What amounts count that are off by 1, of which smaller ones than this count by their square. */
const AMOUNT_WEIGHT = 4;
const NEARBY = 0.02;

/** What is said of every token of prompts: [batch, length, numbers]. embeddings: [batch, length, hidden]. `scope` is the checkpoint's `mar.source_pixels.change.words`. */
export function tellChanges(scope: Scope, embeddings: Tensor): Tensor {
  const seen = withSurroundings(linear(embeddings, scope.child("own"), OWN), AROUND, AROUND);
  return linear(twoLayers(seen, scope, WIDTH), scope.child("vote"), CHANGE_NUMBERS.length);
}

/**
 * How unlikely what is true of tokens is by what is said of them, in nats, each number by its mean, and how far amounts are off.
 * truth: whether a token is known, 1 or 0, and then its numbers: [batch, length, CHANGES_KNOWN].
 */
export function changesLoss(said: Tensor, truth: Tensor): Tensor {
  const known = slice(truth, 2, 0, 1);
  const isThing = slice(truth, 2, 1, 2);
  const losses = CHANGE_NUMBERS.map((_, index) => {
    const [guess, is] = [slice(said, 2, index, index + 1), slice(truth, 2, index + 1, index + 2)];
    const off =
      index < CHANGE_NUMBERS.length - AMOUNTS
        ? negate(logLikelihood(guess, is))
        : multiply(smoothDistance(guess, is, NEARBY), AMOUNT_WEIGHT);
    return meanOfCounted(off, index < OF_EVERY ? known : isThing);
  });
  return losses.reduce(add);
}

/** The mean embedding of marked tokens: [batch, hidden]. embeddings: [batch, length, hidden]; marks: 1 or 0, [batch, length]. */
export function meanOfMarked(embeddings: Tensor, marks: Tensor): Tensor {
  return weightedMean(embeddings, unsqueeze(marks, 2));
}
