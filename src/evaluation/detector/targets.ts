import { type Box, boxOf, type Scene, type SceneObject } from "../../data/index.ts";
import type { Random } from "../../random.ts";
import { type HostArray, hostArray } from "../../tensor/dtype.ts";
import { type DetectorConfig, gridSide } from "./config.ts";
import { BACKGROUND_PARTS, type BackgroundPart, backgroundNames } from "./network.ts";

/** Deviation of the bump around a centre, as a share of the object's sides, and in cells at least. */
const BUMP_SHARE = 0.12;
const LEAST_BUMP = 0.6;
/** How far from the centre, as a share of the object's sides, a cell may lie that has to tell the object too. */
const NEAR_SHARE = 0.15;
const LEAST_SIDE = 0.25;

/**
 * What a batch should be seen as:
 * `heat` [batch x cells], 1 at the cell of every centre and a bump that falls off around it;
 * `rows` [n], the cells that tell objects: for each the cell of its centre, and one near it;
 * `object`, `color` [n], int64; `painted` [n]; `box` [n, 4] as {@link ObjectHeads} has them;
 * `background`, `background_color`, `second_color` [batch], int64.
 */
export function detectorTargets(
  random: Random,
  config: DetectorConfig,
  scenes: readonly Scene[],
): Record<string, HostArray> {
  const side = gridSide(config);
  const heat = new Float32Array(scenes.length * side * side);
  const rows: number[] = [];
  const objects: number[] = [];
  const colors: number[] = [];
  const painted: number[] = [];
  const boxes: number[] = [];
  scenes.forEach((scene, picture) => {
    const map = heat.subarray(picture * side * side, (picture + 1) * side * side);
    for (const object of scene.objects) {
      const box = inCells(boxOf(object), side);
      bump(map, side, box);
      for (const cell of [cellOf(box, side, 0, 0), nearCell(random, box, side)]) {
        rows.push(picture * side * side + cell.row * side + cell.column);
        objects.push(indexOf(config.objects, object.name));
        colors.push(object.color === null ? 0 : indexOf(config.colors, object.color));
        painted.push(isPainted(object) ? 1 : 0);
        boxes.push(...offsets(box, cell));
      }
    }
  });
  return {
    heat: hostArray("float32", [heat.length], heat),
    rows: hostArray("int64", [rows.length], rows),
    object: hostArray("int64", [rows.length], objects),
    color: hostArray("int64", [rows.length], colors),
    painted: hostArray("float32", [rows.length], painted),
    box: hostArray("float32", [rows.length, 4], boxes),
    ...Object.fromEntries(BACKGROUND_PARTS.map((part) => [part, backgroundTargets(config, scenes, part)])),
  };
}

const isPainted = ({ color }: SceneObject): boolean => color !== null;

function backgroundTargets(config: DetectorConfig, scenes: readonly Scene[], part: BackgroundPart): HostArray {
  const names = backgroundNames(config, part);
  const numbers = scenes.map(({ background: { kind, color, secondColor } }) =>
    indexOf(names, { background: kind, background_color: color ?? null, second_color: secondColor ?? null }[part]),
  );
  return hostArray("int64", [scenes.length], numbers);
}

function indexOf<T>(names: readonly T[], name: T): number {
  const index = names.indexOf(name);
  if (index < 0) throw new Error(`The detector does not know "${name}".`);
  return index;
}

/** Centre and sides, in cells of the heat map. */
interface CellBox {
  x: number;
  y: number;
  width: number;
  height: number;
}

interface Cell {
  column: number;
  row: number;
}

function inCells({ left, top, right, bottom }: Box, side: number): CellBox {
  return {
    x: ((left + right) / 2) * side,
    y: ((top + bottom) / 2) * side,
    width: Math.max(LEAST_SIDE, (right - left) * side),
    height: Math.max(LEAST_SIDE, (bottom - top) * side),
  };
}

/** The cell so far from a box's centre. */
function cellOf({ x, y }: CellBox, side: number, dx: number, dy: number): Cell {
  const within = (at: number) => Math.min(side - 1, Math.max(0, Math.floor(at)));
  return { column: within(x + dx), row: within(y + dy) };
}

function nearCell(random: Random, box: CellBox, side: number): Cell {
  const stray = (length: number) => random.uniform(-1, 1) * Math.max(LEAST_BUMP, NEAR_SHARE * length);
  return cellOf(box, side, stray(box.width), stray(box.height));
}

function offsets({ x, y, width, height }: CellBox, { column, row }: Cell): number[] {
  return [x - column - 0.5, y - row - 0.5, Math.log(width), Math.log(height)];
}

/** Raises a map to a Gaussian around a box's centre, and to 1 in the centre's own cell. */
function bump(map: Float32Array, side: number, box: CellBox): void {
  const [deviationX, deviationY] = [box.width, box.height].map((length) => Math.max(LEAST_BUMP, BUMP_SHARE * length));
  const centre = cellOf(box, side, 0, 0);
  for (let row = 0; row < side; row++) {
    for (let column = 0; column < side; column++) {
      const dx = (column - centre.column) / deviationX;
      const dy = (row - centre.row) / deviationY;
      const at = row * side + column;
      map[at] = Math.max(map[at], Math.exp(-(dx * dx + dy * dy) / 2));
    }
  }
}
