import type { Box } from "../../data/index.ts";
import type { Detection } from "../sighting.ts";

/** What the network says of one picture, cell by cell, row by row from the top left. */
export interface CellMaps {
  /** Cells along a side. */
  side: number;
  /** [side x side], 0 to 1 */
  heat: Float32Array;
  /** [side x side, names], adding up to 1 in a cell, as do the colours. */
  object: Float32Array;
  color: Float32Array;
  /** [side x side] */
  painted: Float32Array;
  /** [side x side, 4] as `ObjectHeads` has them. */
  box: Float32Array;
}

export interface DecodeOptions {
  objects: readonly string[];
  colors: readonly string[];
  /** A score below this is no object. */
  leastScore: number;
}

/** Of two boxes that share more than this, by intersection over union, the one with the lower score is the same object once more. */
const MOST_SHARED = 0.5;
const MOST_OBJECTS = 100;

/** The objects at the peaks of a heat map, the surest first. */
export function decode(maps: CellMaps, { objects, colors, leastScore }: DecodeOptions): Detection[] {
  const { side, heat, painted } = maps;
  const found: Detection[] = [];
  for (let cell = 0; cell < heat.length; cell++) {
    if (heat[cell] < leastScore || !isPeak(heat, side, cell)) continue;
    const [object, certainty] = likeliest(maps.object, objects, cell);
    const score = heat[cell] * certainty;
    if (score < leastScore) continue;
    const [color] = likeliest(maps.color, colors, cell);
    found.push({ object, score, color, painted: painted[cell], box: boxAt(maps.box, side, cell) });
  }
  found.sort((a, b) => b.score - a.score);
  const kept: Detection[] = [];
  for (const each of found) {
    if (kept.length === MOST_OBJECTS) break;
    if (kept.every(({ box }) => overlap(box, each.box) <= MOST_SHARED)) kept.push(each);
  }
  return kept;
}

/** Whether no neighbour is higher; of equal ones, the first counts. */
function isPeak(heat: Float32Array, side: number, cell: number): boolean {
  const [row, column] = [Math.floor(cell / side), cell % side];
  for (let y = Math.max(0, row - 1); y <= Math.min(side - 1, row + 1); y++) {
    for (let x = Math.max(0, column - 1); x <= Math.min(side - 1, column + 1); x++) {
      const other = y * side + x;
      if (heat[other] > heat[cell] || (heat[other] === heat[cell] && other < cell)) return false;
    }
  }
  return true;
}

/** The name with the highest of a cell's probabilities, and that probability. */
export function likeliest<T>(
  probabilities: Float32Array,
  names: readonly T[],
  row: number,
): [name: T, probability: number] {
  const own = probabilities.subarray(row * names.length, (row + 1) * names.length);
  let best = 0;
  for (let i = 1; i < own.length; i++) if (own[i] > own[best]) best = i;
  return [names[best], own[best]];
}

function boxAt(boxes: Float32Array, side: number, cell: number): Box {
  const [dx, dy, logWidth, logHeight] = boxes.subarray(cell * 4, cell * 4 + 4);
  const x = ((cell % side) + 0.5 + dx) / side;
  const y = (Math.floor(cell / side) + 0.5 + dy) / side;
  const [halfWidth, halfHeight] = [logWidth, logHeight].map(
    (log) => Math.exp(Math.min(log, Math.log(side))) / side / 2,
  );
  return { left: x - halfWidth, top: y - halfHeight, right: x + halfWidth, bottom: y + halfHeight };
}

/** Intersection over union of two boxes. */
export function overlap(a: Box, b: Box): number {
  const width = Math.min(a.right, b.right) - Math.max(a.left, b.left);
  const height = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
  if (width <= 0 || height <= 0) return 0;
  const area = ({ left, top, right, bottom }: Box) => (right - left) * (bottom - top);
  return (width * height) / (area(a) + area(b) - width * height);
}
