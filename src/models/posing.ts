/**
 * Something in another pose, drawn by itself for the config's `changes`; no part of the official model. What the instruction says, and what is seen of
 * the thing as it is, tell what to draw; where the thing was it is then pasted.
 */

import { convolution } from "../nn/convolution.ts";
import { linear } from "../nn/linear.ts";
import { weightedMean } from "../nn/means.ts";
import { depthToSpace } from "../nn/patches.ts";
import { residualBlock } from "../nn/residual-block.ts";
import type { Scope } from "../nn/scope.ts";
import { twoLayers } from "../nn/two-layers.ts";
import { concat, reduceMean, reshape, silu, slice, type Tensor } from "../tensor/index.ts";
import { patchSide, type UniPicConfig } from "./config.ts";
import { type PromptTokens, readPromptByVotes } from "./prompt-reading.ts";
import { channelsFirst } from "./squares.ts";
import { meanTone } from "./tones.ts";

const COLORS = 3;
/** Features of the prompt, and of the picture's colors where the thing is. */
const TOLD = 96;
const TONES = 32;
const WIDTH = 256;
/** Squares along the side of what is drawn at first, and the features of each; every step after it doubles the side. */
const BEGUN = 6;
const STEPS = [64, 48, 32] as const;
/** The side of what is drawn, in pixels. */
export const POSE_SIDE = BEGUN * 2 ** STEPS.length;

export interface Posed {
  /** The picture that shows the thing: [batch, 3, side, side] in [-1, 1]. */
  source: Tensor;
  /** How much of every pixel is the thing's, 0 to 1: [batch, 1, side, side]. */
  share: Tensor;
  /** What the language model gets of it by the vision tower: [batch, patches, hidden]. */
  vision: Tensor;
  /** Of the edit. */
  prompt: PromptTokens;
}

/** A thing in a square whose bottom it stands on, in the middle, and whose side it fills with its longer one. */
export interface DrawnPose {
  /** [batch, 3, POSE_SIDE, POSE_SIDE] in [-1, 1]; anything where the thing is not. */
  pixels: Tensor;
  /** Log-odds of every pixel that it is the thing's: [batch, 1, POSE_SIDE, POSE_SIDE]. */
  odds: Tensor;
}

/** Draws the thing as the prompt asks for it, in the manner that it has. `scope` is the checkpoint's `changes.pose`. */
export function poseThing(
  scope: Scope,
  { siglip2 }: UniPicConfig,
  { source, share, vision, prompt }: Posed,
): DrawnPose {
  const patches = patchSide(siglip2);
  const [batch, , height, width] = share.shape as [number, number, number, number];
  const apart = reshape(share, [batch, patches, height / patches, patches, width / patches]);
  const seen = weightedMean(vision, reshape(reduceMean(apart, [2, 4]), [batch, patches ** 2, 1]), 1 / patches ** 2);
  const manner = meanTone(scope, source, share, TONES);
  const told = silu(readPromptByVotes(scope.child("prompt"), prompt, TOLD));
  const known = twoLayers(concat([told, seen, manner], 1), scope, WIDTH);
  const [first] = STEPS;
  const begun = linear(known, scope.child("begin"), first * BEGUN ** 2);
  let x = channelsFirst(reshape(begun, [batch, BEGUN, BEGUN, first]));
  for (const index of STEPS.keys()) {
    const step = scope.child("step").child(index);
    x = residualBlock(x, step.child("block"));
    const later = STEPS[index + 1] ?? COLORS + 1;
    x = depthToSpace(convolution(silu(x), step.child("larger"), later * 4, 3, { padding: 1 }), 2);
  }
  return { pixels: slice(x, 1, 0, COLORS), odds: slice(x, 1, COLORS, COLORS + 1) };
}
