import { type Dimension, multiplyDimensions } from "./dimension.ts";

/** Sizes of all axes, outermost first. */
export type Shape = readonly Dimension[];

export const showShape = (shape: Shape): string => `[${shape.join(", ")}]`;

export const sameShape = (a: Shape, b: Shape): boolean => a.length === b.length && a.every((size, i) => size === b[i]);

/** Number of elements. */
export const sizeOf = (shape: Shape): Dimension => shape.reduce<Dimension>(multiplyDimensions, 1);

/** The axis counted from the front; negative axes count from the back. Throws a RangeError outside the rank. */
export function positiveAxis(axis: number, rank: number): number {
  const positive = axis < 0 ? axis + rank : axis;
  if (!Number.isInteger(axis) || positive < 0 || positive >= rank) {
    throw new RangeError(`Axis ${axis} does not exist in a tensor of rank ${rank}.`);
  }
  return positive;
}

/** The shape both operands are stretched to: aligned from the last axis, 1 stretches to anything. */
export function broadcastShapes(a: Shape, b: Shape): Shape {
  const rank = Math.max(a.length, b.length);
  const result: Dimension[] = [];
  for (let i = 0; i < rank; i++) {
    const x = a[i - rank + a.length] ?? 1;
    const y = b[i - rank + b.length] ?? 1;
    if (x !== y && x !== 1 && y !== 1) {
      throw new Error(`Shapes ${showShape(a)} and ${showShape(b)} do not go together: ${x} against ${y}.`);
    }
    result.push(x === 1 ? y : x);
  }
  return result;
}

/** The shape as numbers; throws when a size is only known at run time. */
export function staticShape(shape: Shape, purpose: string): number[] {
  return shape.map((size) => {
    if (typeof size !== "number") throw new Error(`${purpose} needs sizes known in advance, not ${showShape(shape)}.`);
    return size;
  });
}
