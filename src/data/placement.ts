/** Where objects go: drawn directly, never by trial, so that planning is fast and always ends. */
import type { Random } from "../random.ts";
import { FOOTING, GAP, MARGIN } from "./scene.ts";

/** An object's sides relative to the longer of them. */
export interface Outline {
  width: number;
  height: number;
}

export interface Spot {
  /** Longer side, no larger than asked for. */
  size: number;
  /** Centre. */
  x: number;
  y: number;
}

export interface PlacementOptions {
  /** Height of the horizon, when the objects stand on a ground. */
  horizon?: number;
  /** How far positions stray from the tidy ones (centred, evenly spaced), 0 to 1. */
  jitter: number;
}

/** Non-negative shares that sum to one: random to the degree of `jitter`, even otherwise. */
function shares(random: Random, count: number, jitter: number): number[] {
  // Exponential draws, divided by their sum, are uniform over all ways of sharing.
  const draws = Array.from({ length: count }, () => -Math.log(1 - random.uniform()));
  const sum = draws.reduce((total, draw) => total + draw, 0);
  return draws.map((draw) => (jitter * draw) / sum + (1 - jitter) / count);
}

/** A number between two, in the middle of them when there is no jitter. */
function between(random: Random, low: number, high: number, jitter: number): number {
  return low + (high - low) * (0.5 + jitter * (random.uniform() - 0.5));
}

/**
 * Places objects in rows, apart and inside the frame. What does not fit at the sizes asked for is shrunk, all by the same factor.
 *
 * @param outlines one for each object
 * @param sizes longer side of each object, relative to the frame
 * @param rows indices of the objects, row by row from the top, each row from left to right; with a ground at most two rows, the
 *   first standing behind the second
 */
export function place(
  random: Random,
  outlines: readonly Outline[],
  sizes: readonly number[],
  rows: readonly (readonly number[])[],
  { horizon, jitter }: PlacementOptions,
): Spot[] {
  const scale = fittingScale(outlines, sizes, rows, horizon);
  const widths = outlines.map((outline, index) => outline.width * sizes[index] * scale);
  const heights = outlines.map((outline, index) => outline.height * sizes[index] * scale);
  const spots: Spot[] = sizes.map((size) => ({ size: size * scale, x: 0, y: 0 }));

  for (const row of rows) {
    const used = row.reduce((sum, index) => sum + widths[index], 0) + GAP * (row.length - 1);
    const spaces = shares(random, row.length + 1, jitter);
    let left = MARGIN;
    row.forEach((index, position) => {
      left += spaces[position] * (1 - 2 * MARGIN - used);
      spots[index].x = left + widths[index] / 2;
      left += widths[index] + GAP;
    });
  }

  if (horizon === undefined) stackFloating(random, spots, heights, rows, jitter);
  else stackStanding(random, spots, heights, rows, horizon, jitter);
  return spots;
}

/** Longer side of an object that a grid of two by two has room for. */
const GRID_SIZE = 0.43;
/** Height at which the objects of a row of the grid stand. */
const gridFloor = (row: number, rows: number): number => (row + 0.5) / rows + GRID_SIZE / 2;
/** How high the ground has to reach for the upper of two rows to stand on it. */
export const GRID_HORIZON = gridFloor(0, 2) - FOOTING;

/**
 * Places objects in the cells of a grid of two by two, or in the middle of a row or column that has only one: an object of some size
 * then always falls on its tokens in the same way (as long as a token is a quarter of the picture or a part of it).
 *
 * @param rows indices of the objects as in `place`, at most two rows of at most two, `undefined` where a cell stays empty
 */
export function placeOnGrid(
  outlines: readonly Outline[],
  sizes: readonly number[],
  rows: readonly (readonly (number | undefined)[])[],
): Spot[] {
  const spots = sizes.map((size) => ({ size, x: 0, y: 0 }));
  rows.forEach((row, rowAt) => {
    row.forEach((index, columnAt) => {
      if (index === undefined) return;
      spots[index].size = Math.min(sizes[index], GRID_SIZE);
      spots[index].x = (columnAt + 0.5) / row.length;
      spots[index].y = gridFloor(rowAt, rows.length) - (outlines[index].height * spots[index].size) / 2;
    });
  });
  return spots;
}

/** Cells of the grid of two by two. */
export const GRID_CELLS = 4;

function tallest(row: readonly number[], heights: readonly number[]): number {
  return Math.max(...row.map((index) => heights[index]));
}

/** The largest factor, at most 1, by which everything can be scaled and fit. */
function fittingScale(
  outlines: readonly Outline[],
  sizes: readonly number[],
  rows: readonly (readonly number[])[],
  horizon: number | undefined,
): number {
  const frame = 1 - 2 * MARGIN;
  const heights = outlines.map((outline, index) => outline.height * sizes[index]);
  let scale = 1;
  for (const row of rows) {
    const width = row.reduce((sum, index) => sum + outlines[index].width * sizes[index], 0);
    scale = Math.min(scale, (frame - GAP * (row.length - 1)) / width);
  }
  const stacked = rows.reduce((sum, row) => sum + tallest(row, heights), 0);
  scale = Math.min(scale, (frame - GAP * (rows.length - 1)) / stacked);
  if (horizon !== undefined && rows.length > 1) {
    // The back row stands right under the horizon at the highest, and the front row has to end below its feet.
    const ground = 1 - MARGIN - (horizon + FOOTING) - GAP;
    scale = Math.min(scale, ground / tallest(rows[1], heights));
  }
  return scale;
}

function stackFloating(
  random: Random,
  spots: Spot[],
  heights: readonly number[],
  rows: readonly (readonly number[])[],
  jitter: number,
): void {
  const stacked = rows.reduce((sum, row) => sum + tallest(row, heights), 0) + GAP * (rows.length - 1);
  const slack = 1 - 2 * MARGIN - stacked;
  // A single row has nothing above or below it to keep clear of: each of its objects takes any height.
  const spaces = rows.length === 1 ? [0, 0] : shares(random, rows.length + 1, jitter);
  let top = MARGIN;
  rows.forEach((row, position) => {
    top += spaces[position] * slack;
    const depth = rows.length === 1 ? 1 - 2 * MARGIN : tallest(row, heights);
    for (const index of row) {
      const half = heights[index] / 2;
      spots[index].y = between(random, top + half, top + depth - half, jitter);
    }
    top += depth + GAP;
  });
}

function stackStanding(
  random: Random,
  spots: Spot[],
  heights: readonly number[],
  rows: readonly (readonly number[])[],
  horizon: number,
  jitter: number,
): void {
  const highest = horizon + FOOTING;
  const lowest = 1 - MARGIN;
  const stand = (index: number, top: number, bottom: number) => {
    // A tall object must stand lower for its head to stay inside the frame.
    const feet = between(random, Math.min(bottom, Math.max(top, MARGIN + heights[index])), bottom, jitter);
    spots[index].y = feet - heights[index] / 2;
  };
  if (rows.length === 1) {
    for (const index of rows[0]) stand(index, highest, lowest);
    return;
  }
  const [back, front] = rows;
  const frontHeight = tallest(front, heights);
  const frontLeast = Math.max(highest, MARGIN + tallest(back, heights)) + GAP + frontHeight;
  const frontFeet = between(random, Math.min(lowest, frontLeast), lowest, jitter);
  for (const index of front) spots[index].y = frontFeet - heights[index] / 2;
  for (const index of back) stand(index, highest, frontFeet - frontHeight - GAP);
}
