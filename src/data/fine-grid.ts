/** Objects in the cells of a grid of four by four: a small one in one of them, a large one in four. */
import type { Random } from "../random.ts";
import { arrange } from "./arrangement.ts";
import { GRID_SIZE, type Outline, type Spot } from "./placement.ts";
import { GAP, MARGIN } from "./scene.ts";

const CELLS = 4;
/** Longer side of a small object: a cell, but for the picture's margin and a part of the gap in the middle. */
const SMALL_SIZE = 1 / CELLS - MARGIN - GAP / 2;
/** How often one of three in a row is large, and how often one of fewer is. */
const LARGE_OF_THREE = 0.4;
const LARGE_OF_FEW = 0.6;
/** How often nothing is said of a size that follows from where something stands: small in a row of three, large in others. */
const UNSIZED_SHARE = 0.4;

/** Where an object stands, and whether its size is left unsaid. */
export type FineSpot = Spot & { unsized?: true };

/**
 * Places objects row by row as scenes without a grid have them (three in a row, two above one, ...), each in whole cells, so that something of
 * one size always falls on tokens in the same way as long as a token is a quarter of the picture or a part of it.
 *
 * @param grounded whether the objects of a row stand on one ground
 */
export function placeOnFineGrid(random: Random, outlines: readonly Outline[], grounded: boolean): FineSpot[] {
  const rows = arrange(random, outlines.length, grounded, undefined, false);
  const spans = rows.map(({ length }) => spansOf(random, length));
  const tops = spread(
    random,
    spans.map((row) => Math.max(...row)),
  );
  const spots: FineSpot[] = outlines.map(() => ({ size: 0, x: 0, y: 0 }));
  rows.forEach((row, rowAt) => {
    const height = Math.max(...spans[rowAt]);
    const lefts = spread(random, spans[rowAt]);
    row.forEach((index, at) => {
      const span = spans[rowAt][at];
      const isLow = grounded || random.chance(0.5);
      const top = tops[rowAt] + (isLow ? height - span : 0);
      const unsized = span === (row.length > 2 ? 1 : 2) && random.chance(UNSIZED_SHARE);
      const spot = span === 1 ? smallSpot(lefts[at], top, outlines[index]) : largeSpot(lefts[at], top, outlines[index]);
      spots[index] = unsized ? { ...spot, unsized } : spot;
    });
  });
  return spots;
}

/** Cells along a side of each object of a row. */
function spansOf(random: Random, count: number): number[] {
  if (count <= 2) return Array.from({ length: count }, () => (random.chance(LARGE_OF_FEW) ? 2 : 1));
  const large = random.chance(LARGE_OF_THREE) ? random.integer(count) : undefined;
  return Array.from({ length: count }, (_, at) => (at === large ? 2 : 1));
}

/** Where each of some spans begins, one after the other along a side; the cells left over are before, between or behind them. */
function spread(random: Random, spans: readonly number[]): number[] {
  const spare = CELLS - spans.reduce((sum, span) => sum + span, 0);
  const before = Array.from({ length: spare }, () => random.integer(spans.length + 1));
  let start = 0;
  return spans.map((span, at) => {
    start += before.filter((place) => place === at).length;
    const own = start;
    start += span;
    return own;
  });
}

/** In a cell, kept from the picture's edge and from the cell beside it. */
function smallSpot(column: number, row: number, outline: Outline): Spot {
  return {
    size: SMALL_SIZE,
    x: SMALL_STARTS[column] + SMALL_SIZE / 2,
    y: SMALL_STARTS[row] + SMALL_SIZE - (outline.height * SMALL_SIZE) / 2,
  };
}

/** Where a small object begins in each cell: the outer ones lie at the margin, the inner ones at the middle, a gap apart. */
const SMALL_STARTS = [MARGIN, 0.5 - GAP / 2 - SMALL_SIZE, 0.5 + GAP / 2, 1 - MARGIN - SMALL_SIZE];

/** In two by two cells, standing where something in the grid of two by two stands. */
function largeSpot(column: number, row: number, outline: Outline): Spot {
  const floor = (row + 1) / CELLS + GRID_SIZE / 2;
  return { size: GRID_SIZE, x: (column + 1) / CELLS, y: floor - (outline.height * GRID_SIZE) / 2 };
}

/** Everywhere that something large can stand in the fine grid, and everywhere that something small can. */
export function fineSpots(outline: Outline): { large: Spot[]; small: Spot[] } {
  const everywhere = (span: number, spotAt: typeof smallSpot) => {
    const starts = [...Array(CELLS - span + 1).keys()];
    return starts.flatMap((row) => starts.map((column) => spotAt(column, row, outline)));
  };
  return { large: everywhere(2, largeSpot), small: everywhere(1, smallSpot) };
}
