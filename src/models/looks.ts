/** A picture in another look, as an instruction asks for the whole of it, for the config's `changes`; no part of the official model. */

import { logLikelihood } from "../nn/bernoulli.ts";
import { smoothDistance } from "../nn/distance.ts";
import { linear } from "../nn/linear.ts";
import { meanOfCounted } from "../nn/means.ts";
import type { Scope } from "../nn/scope.ts";
import {
  add,
  concat,
  cos,
  multiply,
  negate,
  pad,
  reduceMean,
  reshape,
  silu,
  sin,
  slice,
  type Tensor,
} from "../tensor/index.ts";
import type { MarConfig } from "./config.ts";
import { everywhere, type PromptTokens, readPrompt } from "./prompt-reading.ts";
import { channelsFirst, channelsLast, squareSide } from "./squares.ts";

const COLORS = 3;
/** Pixels along the side of a square whose mean color is known to each, where a token is a multiple of it. */
const SQUARE = 4;
/** Features of a prompt, and of a pixel. */
const TOLD = 64;
const WIDTH = 64;
/** In the range from -1 to 1. */
const WAVES = [1, 1.5, 3, 4, 8];
const NEARBY = 0.1;

export interface Restyled {
  /** The picture in the look: [batch, 3, height, width]. */
  look: Tensor;
  /** The log-odds that a look is all that is asked for: [batch, 1]. */
  odds: Tensor;
}

/**
 * Every pixel by those around it and by the mean color of its square, with features that the prompt scales and shifts.
 * source: [batch, 3, height, width] in [-1, 1]. `scope` is the checkpoint's `changes.look`.
 */
export function restyle(scope: Scope, mar: MarConfig, source: Tensor, prompt: PromptTokens): Restyled {
  const told = silu(readPrompt(scope.child("prompt"), prompt, TOLD));
  const of = (name: string) => everywhere(linear(told, scope.child(name), WIDTH));
  const means = squareMeans(source, squareSide(mar, SQUARE));
  const levels = channelsLast(waves(concat([source, means], 1)));
  const seen = concat([withNeighbours(concat([source, means], 1)), levels], 3);
  const around = channelsFirst(linear(seen, scope.child("around"), WIDTH));
  const first = multiply(silu(add(around, of("shift.0"))), add(of("scale.0"), 1));
  const between = channelsFirst(linear(channelsLast(first), scope.child("pixel.0"), WIDTH));
  const second = multiply(silu(add(between, of("shift.1"))), add(of("scale.1"), 1));
  const look = channelsFirst(linear(channelsLast(second), scope.child("pixel.1"), COLORS));
  return { look, odds: linear(told, scope.child("asked"), 1) };
}

/**
 * Sines and cosines of levels, of so many waves from black to white: a look of few levels is stairs to a network that sees levels alone, and such features
 * make steps easy (arXiv 2006.10739). x: [batch, channels, height, width]; result: the same with 2 x `WAVES` times the channels.
 */
function waves(x: Tensor): Tensor {
  const turned = WAVES.map((count) => multiply(x, Math.PI * count));
  return concat(
    turned.flatMap((angle) => [sin(angle), cos(angle)]),
    1,
  );
}

/**
 * Every pixel with the eight around it, 0 beyond the frame: [batch, channels, height, width] to [batch, height, width, 9 x channels]. A convolution of
 * so few channels would read them itself, but of six comes out wrong on WebGPU (onnxruntime 1.30).
 */
function withNeighbours(x: Tensor): Tensor {
  const [, , height, width] = x.shape as [number, number, number, number];
  const wide = pad(pad(x, 2, 1, 1), 3, 1, 1);
  const shifted = [0, 1, 2].flatMap((dy) =>
    [0, 1, 2].map((dx) => slice(slice(wide, 2, dy, dy + height), 3, dx, dx + width)),
  );
  return channelsLast(concat(shifted, 1));
}

/** Of every pixel the mean color of the square that it is in: [batch, channels, height, width], as x. */
function squareMeans(x: Tensor, side: number): Tensor {
  const [batch, channels, height, width] = x.shape as [number, number, number, number];
  const apart = reshape(x, [batch, channels, height / side, side, width / side, side]);
  return reshape(add(multiply(apart, 0), reduceMean(apart, [3, 5], true)), [batch, channels, height, width]);
}

/** How unlikely it is by the odds whether a look is asked for, in nats, and how far pictures are off in which one is. target: as the look; isLook: [batch, 1]. */
export function lookLoss({ look, odds }: Restyled, target: Tensor, isLook: Tensor): Tensor {
  const each = reduceMean(smoothDistance(look, target, NEARBY), [1, 2, 3]);
  const off = meanOfCounted(each, reshape(isLook, [isLook.shape[0]]));
  return add(off, negate(reduceMean(logLikelihood(odds, isLook))));
}
