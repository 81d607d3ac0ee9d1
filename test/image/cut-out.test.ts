import { describe, expect, it } from "vitest";
import { cutOut } from "../../src/image/cut-out.ts";
import { paste } from "../../src/image/paste.ts";
import { type Picture, picture } from "../../src/image/picture.ts";

const SIZE = 32;

type Color = readonly [number, number, number];
const TEAL: Color = [30, 140, 140];

/** Teal, with what `paint` has elsewhere. */
function onTeal(paint: (x: number, y: number) => Color | undefined): Picture {
  const data = new Uint8Array(SIZE * SIZE * 3);
  for (let pixel = 0; pixel < SIZE * SIZE; pixel++) {
    data.set(paint(pixel % SIZE, Math.floor(pixel / SIZE)) ?? TEAL, pixel * 3);
  }
  return picture(SIZE, SIZE, data);
}

const isIn = (x: number, y: number, [left, top, right, bottom]: readonly number[]) =>
  x >= left && x < right && y >= top && y < bottom;
const shares = (left: number, top: number, right: number, bottom: number) => ({
  left: left / SIZE,
  top: top / SIZE,
  right: right / SIZE,
  bottom: bottom / SIZE,
});
/** A red rectangle whose left half is darker. */
const red = (...box: [number, number, number, number]) =>
  onTeal((x, y) => (isIn(x, y, box) ? [x < (box[0] + box[2]) / 2 ? 180 : 250, 0, 0] : undefined));
const pixelAt = ({ data, width }: Picture, x: number, y: number) =>
  Array.from(data.slice((y * width + x) * 3, (y * width + x) * 3 + 3));

describe("cutOut", () => {
  it("finds what is on a plain background, to the pixel", () => {
    const cut = cutOut(red(6, 4, 20, 28))!;
    expect(cut.region).toEqual(shares(6, 4, 20, 28));
    cut.mask.forEach((is, pixel) => {
      expect(is).toBe(isIn(pixel % SIZE, Math.floor(pixel / SIZE), [6, 4, 20, 28]) ? 1 : 0);
    });
  });

  it("takes what it encloses for its own, in whatever color", () => {
    const ring = onTeal((x, y) =>
      isIn(x, y, [6, 6, 26, 26]) && !isIn(x, y, [12, 12, 20, 20]) ? [250, 0, 0] : undefined,
    );
    expect(cutOut(ring)!.mask[16 * SIZE + 16]).toBe(1);
  });

  it("leaves out edges that show some of the background", () => {
    const soft = onTeal((x, y) =>
      isIn(x, y, [8, 8, 24, 24]) ? [250, 0, 0] : isIn(x, y, [7, 7, 25, 25]) ? [100, 100, 100] : undefined,
    );
    expect(cutOut(soft)!.region).toEqual(shares(8, 8, 24, 24));
  });

  it("is nothing where there is nothing, or a stray pixel", () => {
    expect(cutOut(red(0, 0, 0, 0))).toBeUndefined();
    expect(cutOut(red(6, 4, 7, 5))).toBeUndefined();
    const both = red(6, 4, 20, 28);
    both.data.set([250, 250, 250], (30 * SIZE + 30) * 3);
    expect(cutOut(both)!.region).toEqual(shares(6, 4, 20, 28));
  });
});

describe("paste", () => {
  const white = picture(SIZE, SIZE, new Uint8Array(SIZE * SIZE * 3).fill(255));

  it("puts it where it was, and leaves all else", () => {
    const whole = paste(white, cutOut(red(8, 4, 20, 28))!, shares(8, 4, 20, 28));
    for (const [x, y] of [
      [8, 4],
      [13, 20],
      [14, 20],
      [19, 27],
    ])
      expect(pixelAt(whole, x, y)).toEqual([x < 14 ? 180 : 250, 0, 0]);
    for (const [x, y] of [
      [7, 4],
      [20, 20],
      [8, 3],
      [8, 28],
    ])
      expect(pixelAt(whole, x, y)).toEqual([255, 255, 255]);
    expect(white.data.every((value) => value === 255)).toBe(true);
  });

  it("scales it by the longer side, in the middle of its place and on its bottom", () => {
    // 12 wide and 24 high, to be 12 high, so 6 wide: columns 21 to 27 of 20 to 28, rows 14 to 26.
    const small = paste(white, cutOut(red(8, 4, 20, 28))!, shares(20, 14, 28, 26));
    const isRed = (x: number, y: number) => pixelAt(small, x, y)[1] === 0;
    expect([20, 21, 26, 27].map((x) => isRed(x, 20))).toEqual([false, true, true, false]);
    expect([13, 14, 25, 26].map((y) => isRed(24, y))).toEqual([false, true, true, false]);
  });

  it("mixes it into pixels that it covers in part", () => {
    const half = paste(white, cutOut(red(8, 8, 24, 24))!, {
      left: 8.5 / SIZE,
      top: 8 / SIZE,
      right: 24.5 / SIZE,
      bottom: 24 / SIZE,
    });
    expect(pixelAt(half, 8, 12)).toEqual([Math.round((180 + 255) / 2), 128, 128]);
  });

  it("keeps it in the picture, wherever it is to go and however large", () => {
    const cut = cutOut(red(8, 4, 20, 28))!;
    const outside = paste(white, cut, { left: 0.9, top: 0.9, right: 1.2, bottom: 1.4 });
    expect(pixelAt(outside, 31, 31)).toEqual([250, 0, 0]);
    const huge = paste(white, cut, { left: -4, top: -4, right: 5, bottom: 5 });
    expect([pixelAt(huge, 16, 0), pixelAt(huge, 16, 31), pixelAt(huge, 1, 16)]).toEqual([
      [250, 0, 0],
      [250, 0, 0],
      [255, 255, 255],
    ]);
    for (const edge of [Number.NaN, 0.5]) {
      const nowhere = paste(white, cut, { left: edge, top: edge, right: edge, bottom: edge });
      expect(nowhere.data).toHaveLength(white.data.length);
    }
  });
});
