/** Features of a picture's squares, for what works on pixels. */

import { linear } from "../nn/linear.ts";
import { patchify, unpatchify } from "../nn/patches.ts";
import { residualBlock } from "../nn/residual-block.ts";
import type { Scope } from "../nn/scope.ts";
import { add, silu, type Tensor, transpose } from "../tensor/index.ts";
import type { MarConfig } from "./config.ts";
import { tokenPixels } from "./programs.ts";

/** A side in pixels of squares that make up the side of a token: `wanted`, or that of a token, which may be no multiple of it. */
export function squareSide(mar: MarConfig, wanted: number): number {
  const side = tokenPixels(mar);
  return side % wanted === 0 ? wanted : side;
}

/** A picture's squares as features: [batch, channels, height, width] to [batch, features, height / side, width / side]. */
export const bySquare = (scope: Scope, x: Tensor, side: number, features: number): Tensor =>
  channelsFirst(linear(patchify(x, side), scope, features));

/** Squares along the side of a token. */
export const squaresAlong = (mar: MarConfig, side: number): number => tokenPixels(mar) / side;

/**
 * Adds to squares' features what lies further around, seen by so many residual blocks in squares of twice the side: nothing at first. A token whose squares
 * are no pairs has them one by one. x, result: [batch, features, rows, columns].
 * @param squares along the side of a token
 */
export function seeFarther(
  x: Tensor,
  scope: Scope,
  squares: number,
  { blocks, width }: { blocks: number; width: number },
): Tensor {
  const pair = squares % 2 === 0 ? 2 : 1;
  const features = x.shape[1] as number;
  let y = channelsFirst(linear(patchify(x, pair), scope.child("in"), width));
  for (let index = 0; index < blocks; index++) y = residualBlock(y, scope.child("block").child(index));
  const initial = { kind: "zeros" } as const;
  return add(x, unpatchify(linear(silu(channelsLast(y)), scope.child("out"), features * pair ** 2, { initial }), pair));
}

export const channelsFirst = (x: Tensor): Tensor => transpose(x, [0, 3, 1, 2]);
export const channelsLast = (x: Tensor): Tensor => transpose(x, [0, 2, 3, 1]);
