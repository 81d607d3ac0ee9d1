/** Which object goes in which row, before it has a place. */
import type { Random } from "../random.ts";
import { GRID_CELLS } from "./placement.ts";
import type { Relation } from "./relations.ts";

/** Which object goes in which row. */
export function arrange(
  random: Random,
  count: number,
  grounded: boolean,
  relation: Relation | undefined,
  onGrid: boolean,
): number[][] {
  switch (relation) {
    case "left of":
      return [[0, 1]];
    case "right of":
      return [[1, 0]];
    case "above":
      return [[0], [1]];
    case "below":
      return [[1], [0]];
  }
  const order = Array.from({ length: count }, (_, index) => index);
  if (onGrid) return count > 2 ? [order.slice(0, 2), order.slice(2)] : [order];
  switch (count) {
    case 1:
      return [[0]];
    case 2:
      return random.chance(grounded ? 0.9 : 0.65) ? [[0, 1]] : [[0], [1]];
    case 3:
      return random.pick([[[0, 1, 2]], [[0, 1], [2]], [[0], [1, 2]]]);
    default:
      return random.pick([
        [
          [0, 1],
          [2, 3],
        ],
        [[0, 1, 2], [3]],
        [[0], [1, 2, 3]],
      ]);
  }
}

/** Which object, if any, goes in which cell of the grid of two by two, when all cells are as likely. */
export function scatter(random: Random, count: number): (number | undefined)[][] {
  const cells = distinct(random, [...Array(GRID_CELLS).keys()], count);
  const inCell = (cell: number) => (cells.includes(cell) ? cells.indexOf(cell) : undefined);
  return [
    [inCell(0), inCell(1)],
    [inCell(2), inCell(3)],
  ];
}

/** A few different elements of a list, without shuffling all of it. */
export function distinct<T>(random: Random, items: readonly T[], count: number): T[] {
  const chosen: T[] = [];
  while (chosen.length < count) {
    const item = random.pick(items);
    if (!chosen.includes(item)) chosen.push(item);
  }
  return chosen;
}
