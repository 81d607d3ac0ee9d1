/**
 * What an edit's instruction changes of what its source shows, and what it brings, for the config's `changes`; no part of the official model. The words around a word
 * say whether it names something that changes, and how: it goes, it is painted, turned, made smaller or larger, lifted, or takes another pose; or something new, or what that is
 * put beside. What is named is then found in the source (models/finding.ts) and changed by itself, and what is new is drawn by itself and pasted (models/placing.ts), so that all
 * else stays.
 */

import { logLikelihood } from "../nn/bernoulli.ts";
import { smoothDistance } from "../nn/distance.ts";
import { linear } from "../nn/linear.ts";
import { meanOfCounted, weightedMean } from "../nn/means.ts";
import type { Scope } from "../nn/scope.ts";
import { withSurroundings } from "../nn/surroundings.ts";
import { twoLayers } from "../nn/two-layers.ts";
import { add, multiply, negate, slice, type Tensor, unsqueeze } from "../tensor/index.ts";

/** Of which tokens a number is known: of all, of those that name something that changes, of those that name something new, or of both. */
type Known = "all" | "isThing" | "isNew" | "either";

/** What is said of every token, in this order: log-odds, or amounts. */
const NUMBERS = {
  /** It is one of the words for something that changes, or of those for a color that this gets. */
  isThing: { of: "all" },
  isColor: { of: "all" },
  /** It is one of the words for something new, or of those for what this is put beside. */
  isNew: { of: "all" },
  isBeside: { of: "all" },
  /** What it names goes away, is all that stays, gets the color, is turned around, or takes another pose. */
  goes: { of: "isThing" },
  alone: { of: "isThing" },
  recolors: { of: "isThing" },
  mirrors: { of: "isThing" },
  poses: { of: "isThing" },
  /** What is new stands out most from the first of `BACKDROPS` in text/prompts.ts. */
  onFirst: { of: "isNew" },
  /** Beside things that change or are new, all stays. */
  restStays: { of: "either" },
  /** The logarithm of how many times as large it becomes, and how far it is lifted, as a share of the side. */
  logScale: { of: "isThing", isAmount: true },
  lift: { of: "isThing", isAmount: true },
} as const satisfies Record<string, { of: Known; isAmount?: true }>;

export type ChangeNumber = keyof typeof NUMBERS;
export const CHANGE_NUMBERS = Object.keys(NUMBERS) as ChangeNumber[];

/** What is known of every token, see `changesLoss`: whether that is so, and these numbers. */
export const CHANGES_KNOWN = 1 + CHANGE_NUMBERS.length;

const OWN = 48;
const WIDTH = 160;
const AROUND = 12;
/** What amounts count that are off by 1, of which smaller ones than this count by their square. */
const AMOUNT_WEIGHT = 4;
const NEARBY = 0.02;

/** What is said of every token of prompts: [batch, length, numbers]. embeddings: [batch, length, hidden]. `scope` is the checkpoint's `changes.words`. */
export function tellChanges(scope: Scope, embeddings: Tensor): Tensor {
  const seen = withSurroundings(linear(embeddings, scope.child("own"), OWN), AROUND, AROUND);
  return linear(twoLayers(seen, scope, WIDTH), scope.child("vote"), CHANGE_NUMBERS.length);
}

/**
 * How unlikely what is true of tokens is by what is said of them, in nats, each number by its mean, and how far amounts are off.
 * truth: whether a token is known, 1 or 0, and then its numbers: [batch, length, CHANGES_KNOWN].
 */
export function changesLoss(said: Tensor, truth: Tensor): Tensor {
  const isTrue = (name: ChangeNumber) => {
    const index = CHANGE_NUMBERS.indexOf(name);
    return slice(truth, 2, index + 1, index + 2);
  };
  const counted: Record<Known, Tensor> = {
    all: slice(truth, 2, 0, 1),
    isThing: isTrue("isThing"),
    isNew: isTrue("isNew"),
    either: add(isTrue("isThing"), isTrue("isNew")),
  };
  const losses = CHANGE_NUMBERS.map((name, index) => {
    const [guess, is] = [slice(said, 2, index, index + 1), isTrue(name)];
    const number: { of: Known; isAmount?: true } = NUMBERS[name];
    const off = number.isAmount
      ? multiply(smoothDistance(guess, is, NEARBY), AMOUNT_WEIGHT)
      : negate(logLikelihood(guess, is));
    return meanOfCounted(off, counted[number.of]);
  });
  return losses.reduce(add);
}

/** The mean embedding of marked tokens: [batch, hidden]. embeddings: [batch, length, hidden]; marks: 1 or 0, [batch, length]. */
export function meanOfMarked(embeddings: Tensor, marks: Tensor): Tensor {
  return weightedMean(embeddings, unsqueeze(marks, 2));
}
