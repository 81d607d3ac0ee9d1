/** How far two pictures of one size lie apart, where an edit was to change something and where it was not. */
import type { Box } from "../../data/index.ts";
import type { Picture } from "../../image/index.ts";

/** Channels that differ by more than this, of 255, are no rounding. */
const LEAST_DIFFERENCE = 8;
/** The region of an edit reaches this share of the side further than what it changes: soft edges are no fault. */
const RIM = 1 / 32;
/** Cells along a side in which distances are looked at one by one. */
const CELLS = 4;
/** Of a cell, and of a box, so much has to be looked at to say anything: shares of the picture. */
const LEAST_OF_CELL = 1 / 128;
const LEAST_OF_BOX = 1 / 256;

/** Which pixels count: 1 or 0 for each, row by row. */
export type Mask = Uint8Array;

/** Where source and target of an edit differ, and a rim around it. */
export function editedRegion(source: Picture, target: Picture, boxes: readonly Box[] = []): Mask {
  const { width, height } = source;
  const differs = new Uint8Array(width * height);
  for (let pixel = 0; pixel < differs.length; pixel++) {
    for (let channel = 0; channel < 3; channel++) {
      const at = pixel * 3 + channel;
      if (Math.abs(source.data[at] - target.data[at]) > LEAST_DIFFERENCE) differs[pixel] = 1;
    }
  }
  for (const box of boxes) eachRow(source, box, (start, end) => differs.fill(1, start, Math.max(start, end)));
  const rim = Math.ceil(RIM * Math.max(width, height));
  return widened(widened(differs, width, rim, 1), width, rim, width);
}

/** A mask in which every pixel up to `reach` steps from one that is set is set. */
function widened(mask: Mask, width: number, reach: number, step: number): Mask {
  const wide = mask.slice();
  for (let pixel = 0; pixel < mask.length; pixel++) {
    if (mask[pixel] === 0) continue;
    for (let away = -reach; away <= reach; away++) {
      const other = pixel + away * step;
      const sameRow = step !== 1 || Math.floor(other / width) === Math.floor(pixel / width);
      if (other >= 0 && other < mask.length && sameRow) wide[other] = 1;
    }
  }
  return wide;
}

/** All pixels. */
export const everywhere = ({ width, height }: Picture): Mask => new Uint8Array(width * height).fill(1);

/** The other pixels. */
export const outside = (mask: Mask): Mask => mask.map((inside) => 1 - inside);

/** Root mean square of the differences of all channels where the mask is 1, from 0 to 1; 0 where it is nowhere. */
export function distance(a: Picture, b: Picture, mask: Mask): number {
  let [sum, count] = [0, 0];
  for (let pixel = 0; pixel < mask.length; pixel++) {
    if (mask[pixel] === 0) continue;
    sum += squaredDifference(a, b, pixel);
    count++;
  }
  return count === 0 ? 0 : Math.sqrt(sum / count) / 255;
}

/**
 * The largest {@link distance} in any of sixteen cells of the picture and of some boxes, so that one lost object counts however small it
 * is. An area of which hardly anything is looked at does not count.
 */
export function largestDistance(a: Picture, b: Picture, mask: Mask, boxes: readonly Box[] = []): number {
  const side = 1 / CELLS;
  const cells = Array.from({ length: CELLS * CELLS }, (_, cell): Box => {
    const [left, top] = [(cell % CELLS) * side, Math.floor(cell / CELLS) * side];
    return { left, top, right: left + side, bottom: top + side };
  });
  const within = (boxes: readonly Box[], least: number) =>
    boxes
      .map((box) => onlyInside(mask, a, box))
      .filter((own) => own.reduce((sum, each) => sum + each, 0) >= least * mask.length)
      .map((own) => distance(a, b, own));
  return Math.max(0, ...within(cells, LEAST_OF_CELL), ...within(boxes, LEAST_OF_BOX));
}

/** A mask without what lies outside a box. */
function onlyInside(mask: Mask, size: Picture, box: Box): Mask {
  const own = new Uint8Array(mask.length);
  eachRow(size, box, (start, end) => own.set(mask.subarray(start, end), start));
  return own;
}

/** Visits the rows of a box, cut to the picture: from a pixel up to, not including, another. */
function eachRow(
  { width, height }: Pick<Picture, "width" | "height">,
  box: Box,
  visit: (start: number, end: number) => void,
): void {
  const within = (at: number, most: number) => Math.min(most, Math.max(0, Math.round(at * most)));
  const [left, right] = [within(box.left, width), within(box.right, width)];
  for (let y = within(box.top, height); y < within(box.bottom, height); y++) visit(y * width + left, y * width + right);
}

/** Of a pixel, the mean over its channels. */
function squaredDifference(a: Picture, b: Picture, pixel: number): number {
  let sum = 0;
  for (let at = pixel * 3; at < pixel * 3 + 3; at++) sum += (a.data[at] - b.data[at]) ** 2;
  return sum / 3;
}
