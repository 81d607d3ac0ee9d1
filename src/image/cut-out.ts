import { type Picture, picture } from "./picture.ts";

/** A part of a picture: its edges as shares of the sides. */
export interface Region {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** Something without its background. */
export interface CutOut {
  picture: Picture;
  /** 1 for pixels of it, 0 for those of the background, row by row. */
  mask: Uint8Array;
  /** Where it is. */
  region: Region;
}

/** Channels that differ from a plain background by more than this, of 255, are something on it. */
const DIFFERENCE = 44;
/** Pixels beside the background that differ by less than this show some of it. */
const MIXED = 120;
/** A row or column with fewer pixels of it is stray. */
const FEWEST = 2;

/**
 * Cuts out what is on a plain background, whose color is that of most of the frame's pixels: all that the background does not reach from the
 * frame. Undefined where there is nothing.
 */
export function cutOut(picture: Picture): CutOut | undefined {
  return cutOutBy(picture, notReached(picture));
}

/** Cuts out the pixels of which the mask has 1, row by row; undefined where there are none. */
export function cutOutBy(picture: Picture, mask: Uint8Array): CutOut | undefined {
  const { width, height } = picture;
  const columns = new Int32Array(width);
  const rows = new Int32Array(height);
  mask.forEach((isIn, pixel) => {
    columns[pixel % width] += isIn;
    rows[Math.floor(pixel / width)] += isIn;
  });
  const [left, right] = ends(columns);
  const [top, bottom] = ends(rows);
  if (left < 0 || top < 0) return undefined;
  const region = { left: left / width, top: top / height, right: (right + 1) / width, bottom: (bottom + 1) / height };
  return { picture, mask, region };
}

const ends = (counts: Int32Array): [first: number, last: number] => {
  const isEnough = (count: number) => count >= FEWEST;
  return [counts.findIndex(isEnough), counts.findLastIndex(isEnough)];
};

/** The same, turned around. */
export function mirrored({ picture: from, mask, region }: CutOut): CutOut {
  const { width, height } = from;
  const turned = { data: from.data.slice(), mask: mask.slice() };
  for (let pixel = 0; pixel < width * height; pixel++) {
    const other = pixel - (pixel % width) + width - 1 - (pixel % width);
    turned.mask[pixel] = mask[other];
    turned.data.set(from.data.subarray(other * 3, other * 3 + 3), pixel * 3);
  }
  const { left, right } = region;
  return {
    picture: picture(width, height, turned.data),
    mask: turned.mask,
    region: { ...region, left: 1 - right, right: 1 - left },
  };
}

/** The color that most of a picture's frame has: the median of every channel. */
export const frameColor = (whole: Picture): number[] => medians(whole, framePixels(whole.width, whole.height));

/** 0 for pixels of the background that hang together with its part at the frame, and for those beside them that show some of it; 1 for all others. */
function notReached(picture: Picture): Uint8Array {
  const { width, height, data } = picture;
  const frame = framePixels(width, height);
  const ground = frameColor(picture);
  const isNear = (pixel: number, most: number) =>
    ground.every((level, channel) => Math.abs(data[pixel * 3 + channel] - level) <= most);
  const mask = new Uint8Array(width * height).fill(1);
  const reached: number[] = [];
  const reach = (pixel: number) => {
    if (mask[pixel] === 0 || !isNear(pixel, DIFFERENCE)) return;
    mask[pixel] = 0;
    reached.push(pixel);
  };
  frame.forEach(reach);
  // What is reached is added to while it is gone through.
  for (const pixel of reached) for (const beside of besides(pixel, width, height)) reach(beside);
  for (const pixel of reached) {
    for (const beside of besides(pixel, width, height)) if (isNear(beside, MIXED)) mask[beside] = 0;
  }
  return mask;
}

/** The pixels above, below, left and right of one. */
function besides(pixel: number, width: number, height: number): number[] {
  const [column, row] = [pixel % width, Math.floor(pixel / width)];
  return [
    ...(column > 0 ? [pixel - 1] : []),
    ...(column < width - 1 ? [pixel + 1] : []),
    ...(row > 0 ? [pixel - width] : []),
    ...(row < height - 1 ? [pixel + width] : []),
  ];
}

function framePixels(width: number, height: number): number[] {
  const frame: number[] = [];
  for (let x = 0; x < width; x++) frame.push(x, (height - 1) * width + x);
  for (let y = 1; y < height - 1; y++) frame.push(y * width, y * width + width - 1);
  return frame;
}

/** The median of every channel over some pixels. */
const medians = ({ data }: Picture, pixels: readonly number[]): number[] =>
  [0, 1, 2].map((channel) => {
    const levels = pixels.map((pixel) => data[pixel * 3 + channel]).sort((a, b) => a - b);
    return levels[Math.floor(levels.length / 2)];
  });
