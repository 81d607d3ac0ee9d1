import type { Picture } from "./picture.ts";

/** A part of a picture: its edges as shares of the sides. */
export interface Region {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** What is taken out of a picture, and where it goes. */
export interface Put {
  from: Region;
  to: Region;
  /** Mirrored left to right. */
  flip: boolean;
}

/** So much more than the region is taken, of the side on which it goes: what is around tells it from its ground. */
const RIM = 1 / 24;
/** Points along the side of a pixel at which the picture is looked up. */
const POINTS = 3;
/** Regions without extent cannot be scaled. */
const LEAST = 1 / 64;

/**
 * Part of a picture, as large as the longer side of `to` says and standing where that stands, on nothing: Float32Array [4, size, size], three
 * colors in [-1, 1] and `mark` where there is something, 0 in all four elsewhere.
 */
export function putInPlace(picture: Picture, { from, to, flip }: Put, size: number, mark = 1): Float32Array {
  const area = size * size;
  const planes = new Float32Array(4 * area);
  const scale = longer(to) / longer(from);
  const [fromX, toX] = [middle(from), middle(to)];
  const halfWidth = ((from.right - from.left) / 2) * scale + RIM;
  const height = (from.bottom - from.top) * scale;
  const within = (at: number) => Math.min(size, Math.max(0, Math.round(at * size)));
  const rows = [within(to.bottom - height - RIM), within(to.bottom + RIM)];
  const columns = [within(toX - halfWidth), within(toX + halfWidth)];
  const color = new Float64Array(3);
  for (let y = rows[0]; y < rows[1]; y++) {
    for (let x = columns[0]; x < columns[1]; x++) {
      color.fill(0);
      let points = 0;
      for (let point = 0; point < POINTS * POINTS; point++) {
        const [dx, dy] = [(point % POINTS) + 0.5, Math.floor(point / POINTS) + 0.5];
        const across = ((x + dx / POINTS) / size - toX) / scale;
        const u = fromX + (flip ? -across : across);
        const v = from.bottom + ((y + dy / POINTS) / size - to.bottom) / scale;
        if (u < 0 || v < 0 || u > 1 || v > 1) continue;
        points++;
        addBetween(color, picture, u, v);
      }
      if (points === 0) continue;
      const at = y * size + x;
      for (let channel = 0; channel < 3; channel++) planes[channel * area + at] = color[channel] / points / 127.5 - 1;
      planes[3 * area + at] = mark;
    }
  }
  return planes;
}

const longer = ({ left, top, right, bottom }: Region): number => Math.max(LEAST, right - left, bottom - top);
const middle = ({ left, right }: Region): number => (left + right) / 2;

/** Adds a picture's color between its pixels, which count at their middles. */
function addBetween(color: Float64Array, { width, height, data }: Picture, u: number, v: number): void {
  const x = Math.min(width - 1, Math.max(0, u * width - 0.5));
  const y = Math.min(height - 1, Math.max(0, v * height - 0.5));
  const [left, top] = [Math.floor(x), Math.floor(y)];
  const [right, below] = [x - left, y - top];
  const at = (top * width + left) * 3;
  const next = left + 1 < width ? 3 : 0;
  const under = top + 1 < height ? width * 3 : 0;
  for (let channel = 0; channel < 3; channel++) {
    const first = data[at + channel] * (1 - right) + data[at + next + channel] * right;
    const second = data[at + under + channel] * (1 - right) + data[at + under + next + channel] * right;
    color[channel] += first * (1 - below) + second * below;
  }
}

/** Channels that differ from a plain background by more than this, of 255, are something on it. */
const DIFFERENCE = 40;
/** A row or column of pixels with fewer of them is stray. */
const FEWEST = 2;

/** Where something is on a plain background, whose color is that of most of the frame's pixels; undefined where there is nothing. */
export function findOnPlain(picture: Picture): Region | undefined {
  const { width, height, data } = picture;
  const ground = frameColor(picture);
  const columns = new Int32Array(width);
  const rows = new Int32Array(height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const at = (y * width + x) * 3;
      if (!ground.some((level, channel) => Math.abs(data[at + channel] - level) > DIFFERENCE)) continue;
      columns[x]++;
      rows[y]++;
    }
  }
  const first = (counts: Int32Array) => counts.findIndex((count) => count >= FEWEST);
  const last = (counts: Int32Array) => counts.findLastIndex((count) => count >= FEWEST);
  if (first(columns) < 0 || first(rows) < 0) return undefined;
  return {
    left: first(columns) / width,
    top: first(rows) / height,
    right: (last(columns) + 1) / width,
    bottom: (last(rows) + 1) / height,
  };
}

/** The medians of the channels of all pixels along the frame. */
function frameColor({ width, height, data }: Picture): number[] {
  const frame: number[] = [];
  for (let x = 0; x < width; x++) frame.push(x, (height - 1) * width + x);
  for (let y = 1; y < height - 1; y++) frame.push(y * width, y * width + width - 1);
  return [0, 1, 2].map((channel) => {
    const levels = frame.map((pixel) => data[pixel * 3 + channel]).sort((a, b) => a - b);
    return levels[Math.floor(levels.length / 2)];
  });
}
