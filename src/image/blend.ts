import { type Picture, picture } from "./picture.ts";

/** A picture that takes of another so much of every pixel as `shares` says, 0 to 1, row by row. */
export function blend(onto: Picture, other: Picture, shares: ArrayLike<number>): Picture {
  const data = onto.data.map((level, i) => {
    const share = shares[Math.floor(i / 3)];
    return Math.round(level + (other.data[i] - level) * share);
  });
  return picture(onto.width, onto.height, data);
}

/** How far a value is on its way from one to a greater one: 0 up to the first, 1 from the second on. */
export const rise = (value: number, from: number, to: number): number =>
  Math.min(1, Math.max(0, (value - from) / (to - from)));

/** The most of every pixel and those around it, so that a soft edge lies inside. */
export function grown(shares: ArrayLike<number>, width: number): Float32Array {
  const height = shares.length / width;
  return Float32Array.from({ length: shares.length }, (_, pixel) => {
    const [x, y] = [pixel % width, Math.floor(pixel / width)];
    let most = 0;
    for (let row = Math.max(0, y - 1); row <= Math.min(height - 1, y + 1); row++) {
      for (let column = Math.max(0, x - 1); column <= Math.min(width - 1, x + 1); column++) {
        most = Math.max(most, shares[row * width + column]);
      }
    }
    return most;
  });
}
