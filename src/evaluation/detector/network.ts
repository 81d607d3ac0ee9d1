import { convolution } from "../../nn/convolution.ts";
import { linear } from "../../nn/linear.ts";
import { groupNorm } from "../../nn/norm.ts";
import type { Scope } from "../../nn/scope.ts";
import {
  add,
  concat,
  reduceMax,
  reduceMean,
  relu,
  reshape,
  sizeOf,
  type Tensor,
  transpose,
  upsampleNearest,
} from "../../tensor/index.ts";
import type { DetectorConfig } from "./config.ts";

const GROUPS = 8;
const EPSILON = 1e-5;
/** Width of the layer before the heads. */
const HIDDEN = 160;
/** The heat map starts at this logit, a probability of 0.02: nearly all cells are no centres (arXiv 1708.02002, section 4.1). */
const EMPTY = -4;

/** Everything before the heads. */
export interface Features {
  /** Rows of every cell of the heat map, picture by picture: [batch x cells, channels]. */
  cells: Tensor;
  /** Of whole pictures: [batch, channels]. */
  picture: Tensor;
}

/**
 * The trunk: down to a sixteenth of the side by 3x3 convolutions, and up again to a quarter, adding what was seen on the way down
 * (as arXiv 1612.03144 does). pixels: [batch, 3, size, size] in [-1, 1].
 */
export function detectorTrunk(scope: Scope, config: DetectorConfig, pixels: Tensor): Features {
  const [first, second, third, fourth] = config.widths;
  const down = (x: Tensor, name: string, width: number) =>
    convolution(x, scope.child(name), width, 3, { stride: 2, padding: 1 });
  const up = (x: Tensor, name: string, width: number) =>
    upsampleNearest(convolution(x, scope.child(name), width, 1), 2);
  const half = relu(down(pixels, "down1", first)); // [batch, first, size / 2, size / 2]
  const quarter = residual(down(half, "down2", second), scope.child("residual2")); // a fourth of the side
  const eighth = residual(down(relu(quarter), "down3", third), scope.child("residual3"));
  let x = down(relu(eighth), "down4", fourth); // a sixteenth of the side
  x = residual(residual(x, scope.child("residual4")), scope.child("residual5"));
  const picture = concat([reduceMean(relu(x), [2, 3]), reduceMax(relu(x), [2, 3])], 1); // [batch, 2 x fourth]
  x = residual(add(eighth, up(relu(x), "up4", third)), scope.child("residual6"));
  x = add(quarter, up(relu(x), "up3", second));
  x = relu(groupNorm(x, scope.child("norm"), GROUPS, EPSILON));
  x = relu(convolution(x, scope.child("last"), third, 3, { padding: 1 })); // [batch, third, size / 4, size / 4]
  const [batch, channels, height, width] = x.shape;
  const cells = reshape(transpose(x, [0, 2, 3, 1]), [sizeOf([batch, height, width]), channels]);
  return { cells, picture };
}

/** How probable it is that an object's centre lies in a cell, before the sigmoid. cells: [n, channels]; result: [n]. */
export function heatHead(scope: Scope, cells: Tensor): Tensor {
  return add(reshape(linear(cells, scope.child("heat"), 1), [cells.shape[0]]), EMPTY);
}

/** What a cell says of the object whose centre is in it or near it; all before the softmax or sigmoid. */
export interface ObjectHeads {
  /** [n, names] */
  object: Tensor;
  /** [n, colors] */
  color: Tensor;
  /** Whether it is painted in a colour, rather than of natural look: [n, 1]. */
  painted: Tensor;
  /** Its centre, in cells from the middle of this cell (x, y), and the logarithms of its width and height in cells: [n, 4]. */
  box: Tensor;
}

/** cells: [n, channels] */
export function objectHeads(scope: Scope, config: DetectorConfig, cells: Tensor): ObjectHeads {
  const hidden = relu(linear(cells, scope.child("object_hidden"), HIDDEN));
  return {
    object: linear(hidden, scope.child("object"), config.objects.length),
    color: linear(hidden, scope.child("color"), config.colors.length),
    painted: linear(hidden, scope.child("painted"), 1),
    box: linear(hidden, scope.child("box"), 4),
  };
}

/** The three things told of a background; each colour list has one more place at its end, for "none". */
export const BACKGROUND_PARTS = ["background", "background_color", "second_color"] as const;
export type BackgroundPart = (typeof BACKGROUND_PARTS)[number];

/** The names that a part of a background can have, null where it has none. */
export function backgroundNames(config: DetectorConfig, part: BackgroundPart): readonly (string | null)[] {
  return part === "background" ? config.backgrounds : [...config.background_colors, null];
}

/** picture: [batch, channels]; results, before the softmax: [batch, names]. */
export function backgroundHeads(scope: Scope, config: DetectorConfig, picture: Tensor): Record<BackgroundPart, Tensor> {
  const hidden = relu(linear(picture, scope.child("background_hidden"), HIDDEN));
  const head = (part: BackgroundPart) => linear(hidden, scope.child(part), backgroundNames(config, part).length);
  return {
    background: head("background"),
    background_color: head("background_color"),
    second_color: head("second_color"),
  };
}

/** A normalized 3x3 convolution around which x passes unchanged. */
function residual(x: Tensor, scope: Scope): Tensor {
  const hidden = relu(groupNorm(x, scope.child("norm"), GROUPS, EPSILON));
  return add(x, convolution(hidden, scope.child("conv"), x.shape[1] as number, 3, { padding: 1 }));
}
