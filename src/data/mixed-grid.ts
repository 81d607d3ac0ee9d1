/**
 * Small objects in thirds of the picture's width, and large ones in the cells of a grid of two by two or between them. Where a picture has four
 * tokens on a side, something of one size then falls on its tokens in few ways: small objects stand on four floors, one in each row of tokens,
 * and three beside each other share no token but for a few pixels.
 */
import type { Random } from "../random.ts";
import { arrange } from "./arrangement.ts";
import { GRID_SIZE, gridFloor, type Outline, type Spot } from "./placement.ts";
import { MARGIN } from "./scene.ts";

/** What is called small, and a little more, of which no word is said. To the eye, and on their tokens, they are the same. */
const SMALL_SIZES = [0.278, 0.282];
/** How often an object is large where the next row or column beside it is free, and where it is not: only flat or narrow ones then have room. */
const LARGE_SHARE = 0.5;
const LARGE_SQUEEZED_SHARE = 0.2;
/** Which of three levels (top, middle, bottom) two rows of objects take, and which columns a row of two; each as likely as it is often here. */
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
/** Rows of tokens, each with a floor for small objects. */
const FLOORS = [0.25, 0.5, 0.75, 1].map((end) => end - MARGIN);
/** What is higher than this needs the second row to stand in at the top, and the third to be in the middle. */
const HIGH = 0.21;

/**
 * Places objects row by row as scenes without a grid have them: three in a row, two above one, ... They may still lie too close together.
 *
 * @param grounded whether they stand on a ground, which does not reach up to the first row of tokens
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
      const outline = outlines[index];
      if (isLarge) {
        spots[index] = largeSpot(columns[at], levels[rowAt], outline);
        return;
      }
      const size = random.pick(SMALL_SIZES);
      spots[index] = smallSpot(size, columns[at], floorOf(levels[rowAt], outline.height * size, grounded), outline);
    });
  });
  return spots;
}

const hasNeighbours = (places: readonly number[]): boolean => places.some((place, at) => place === places[at - 1] + 1);

/** Where something small stands to be at the top, in the middle or at the bottom. */
function floorOf(level: number, height: number, grounded: boolean): number {
  if (level === 0) return FLOORS[height > HIGH || grounded ? 1 : 0];
  if (level === 1) return FLOORS[height > HIGH ? 2 : 1];
  return FLOORS[3];
}

/** Every place that something large has on its grid, or something small on its own. */
export function mixedSpots(outline: Outline, isLarge: boolean): Spot[] {
  const columns = [0, 1, 2];
  if (isLarge) return columns.flatMap((level) => columns.map((column) => largeSpot(column, level, outline)));
  const [size] = SMALL_SIZES;
  const floors = FLOORS.filter((floor) => floor - outline.height * size >= MARGIN);
  return floors.flatMap((floor) => columns.map((column) => smallSpot(size, column, floor, outline)));
}

function largeSpot(column: number, level: number, outline: Outline): Spot {
  const floor = [gridFloor(0, 2), gridFloor(0, 1), gridFloor(1, 2)][level];
  return { size: GRID_SIZE, x: [0.25, 0.5, 0.75][column], y: floor - (outline.height * GRID_SIZE) / 2 };
}

function smallSpot(size: number, column: number, floor: number, outline: Outline): Spot {
  const first = MARGIN + size / 2;
  return { size, x: [first, 0.5, 1 - first][column], y: floor - (outline.height * size) / 2 };
}
