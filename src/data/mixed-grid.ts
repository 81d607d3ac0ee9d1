/**
 * Small objects in the cells of a grid of three by three, and large ones in those of a grid of two by two or between them. Where a picture has four
 * tokens on a side, hardly any of them then shows parts of two objects.
 */
import type { Random } from "../random.ts";
import { arrange } from "./arrangement.ts";
import { GRID_SIZE, gridFloor, type Outline, type Spot } from "./placement.ts";
import { MARGIN } from "./scene.ts";

/** What is called small, and a little more, of which no word is said. */
const SMALL_SIZE = 0.265;
const MIDDLING_SIZE = 0.285;
/** How often an object is large where the next row or column beside it is free, and where it is not: only flat or narrow ones then have room. */
const LARGE_SHARE = 0.5;
const LARGE_SQUEEZED_SHARE = 0.2;
/** Which of the three rows two rows of objects take, and which columns a row of two; each as likely as it is often here. */
const TWO_ROWS = [
  [0, 2],
  [0, 2],
  [1, 2],
  [0, 1],
];
const TWO_COLUMNS = [
  [0, 2],
  [0, 2],
  [0, 1],
  [1, 2],
];

/**
 * Places objects row by row as scenes without a grid have them: three in a row, two above one, ... They may still lie too close together.
 *
 * @param grounded whether they stand on a ground, which does not reach up to the upper third
 */
export function placeOnMixedGrid(random: Random, outlines: readonly Outline[], grounded: boolean): Spot[] {
  const rows = arrange(random, outlines.length, grounded, undefined, false);
  const levels = rows.length === 2 ? random.pick(TWO_ROWS) : [random.integer(3)];
  const spots: Spot[] = outlines.map(() => ({ size: 0, x: 0, y: 0 }));
  rows.forEach((row, rowAt) => {
    const columns = row.length === 3 ? [0, 1, 2] : row.length === 2 ? random.pick(TWO_COLUMNS) : [random.integer(3)];
    const isFree = !hasNeighbours(levels) && !hasNeighbours(columns);
    row.forEach((index, at) => {
      const isLarge = row.length < 3 && random.chance(isFree ? LARGE_SHARE : LARGE_SQUEEZED_SHARE);
      const size = isLarge ? GRID_SIZE : random.pick([SMALL_SIZE, MIDDLING_SIZE]);
      spots[index] = mixedSpot(size, columns[at], levels[rowAt], outlines[index], grounded);
    });
  });
  return spots;
}

const hasNeighbours = (places: readonly number[]): boolean => places.some((place, at) => place === places[at - 1] + 1);

/** Every place that something large has on its grid, or something small on its own. */
export function mixedSpots(outline: Outline, isLarge: boolean): Spot[] {
  const size = isLarge ? GRID_SIZE : SMALL_SIZE;
  return [0, 1, 2].flatMap((row) => [0, 1, 2].map((column) => mixedSpot(size, column, row, outline, false)));
}

function mixedSpot(size: number, column: number, row: number, outline: Outline, grounded: boolean): Spot {
  const height = outline.height * size;
  const floors = [gridFloor(0, 2), gridFloor(0, 1), gridFloor(1, 2)];
  if (size === GRID_SIZE) return { size, x: [0.25, 0.5, 0.75][column], y: floors[row] - height / 2 };
  const first = MARGIN + size / 2;
  const floor = grounded && row === 0 ? floors[0] : [first, 0.5, 1 - first][row] + size / 2;
  return { size, x: [first, 0.5, 1 - first][column], y: floor - height / 2 };
}
