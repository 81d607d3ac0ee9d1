import { describe, expect, it } from "vitest";
import { type Picture, picture } from "../../src/image/picture.ts";
import { findOnPlain, putInPlace } from "../../src/image/put-in-place.ts";
import { noisePicture } from "../helpers/noise-picture.ts";

const SIZE = 32;
const AREA = SIZE * SIZE;

/** Teal, with a rectangle of red in it whose left half is darker. */
function onTeal(left: number, top: number, right: number, bottom: number): Picture {
  const data = new Uint8Array(AREA * 3);
  for (let pixel = 0; pixel < AREA; pixel++) {
    const [x, y] = [pixel % SIZE, Math.floor(pixel / SIZE)];
    const isIn = x >= left && x < right && y >= top && y < bottom;
    data.set(isIn ? [x < (left + right) / 2 ? 120 : 240, 20, 20] : [30, 140, 140], pixel * 3);
  }
  return picture(SIZE, SIZE, data);
}

const shares = (left: number, top: number, right: number, bottom: number) => ({
  left: left / SIZE,
  top: top / SIZE,
  right: right / SIZE,
  bottom: bottom / SIZE,
});

/** Red of a pixel, 0 to 255, or undefined where nothing is. */
const redAt = (planes: Float32Array, x: number, y: number): number | undefined =>
  planes[3 * AREA + y * SIZE + x] === 0 ? undefined : Math.round((planes[y * SIZE + x] + 1) * 127.5);

describe("findOnPlain", () => {
  it("finds where something is, to the pixel", () => {
    expect(findOnPlain(onTeal(6, 4, 20, 28))).toEqual(shares(6, 4, 20, 28));
  });

  it("does not take a stray pixel for something", () => {
    const one = onTeal(6, 4, 20, 28);
    one.data.fill(255, (30 * SIZE + 30) * 3, (30 * SIZE + 31) * 3);
    expect(findOnPlain(one)).toEqual(shares(6, 4, 20, 28));
    expect(findOnPlain(onTeal(6, 4, 7, 5))).toBeUndefined();
    expect(findOnPlain(onTeal(0, 0, 0, 0))).toBeUndefined();
  });
});

describe("putInPlace", () => {
  const whole = shares(0, 0, SIZE, SIZE);

  it("leaves all where it is when it goes where it was", () => {
    const given = noisePicture(3, SIZE);
    const planes = putInPlace(given, { from: whole, to: whole, flip: false }, SIZE);
    for (let pixel = 0; pixel < AREA; pixel++) expect(planes[3 * AREA + pixel]).toBe(1);
    const mean = (values: ArrayLike<number>) => Array.from(values).reduce((a, b) => a + b, 0) / values.length;
    expect((mean(planes.subarray(0, 3 * AREA)) + 1) * 127.5).toBeCloseTo(mean(given.data), -1);
  });

  it("scales by the longer side, and stands it where it is to stand", () => {
    const planes = putInPlace(
      onTeal(8, 4, 20, 28),
      { from: shares(8, 4, 20, 28), to: shares(20, 14, 28, 26), flip: false },
      SIZE,
      -1,
    );
    // Half as large: 6 wide and 12 high, in the middle of the columns 20 to 28 and down to row 26.
    expect([22, 25].map((x) => redAt(planes, x, 20))).toEqual([120, 240]);
    expect(planes[3 * AREA + 20 * SIZE + 24]).toBe(-1);
    // Around it is its ground, soft at the edge.
    for (const row of [13, 26]) expect(redAt(planes, 24, row)).toBeLessThan(60);
    expect(redAt(planes, 24, 8)).toBeUndefined();
    expect(redAt(planes, 4, 20)).toBeUndefined();
    expect(planes[20 * SIZE + 4]).toBe(0);
  });

  it("mirrors it", () => {
    const planes = putInPlace(
      onTeal(8, 4, 20, 28),
      { from: shares(8, 4, 20, 28), to: shares(8, 4, 20, 28), flip: true },
      SIZE,
    );
    expect([redAt(planes, 10, 12), redAt(planes, 17, 12)]).toEqual([240, 120]);
  });

  it("is nothing outside of either picture, and finite for a region without extent", () => {
    const planes = putInPlace(
      onTeal(8, 4, 20, 28),
      { from: shares(8, 4, 20, 28), to: shares(40, 40, 48, 60), flip: false },
      SIZE,
    );
    expect(planes.every((value) => value === 0)).toBe(true);
    const none = putInPlace(
      onTeal(8, 4, 20, 28),
      { from: shares(8, 8, 8, 8), to: shares(4, 4, 12, 12), flip: false },
      SIZE,
    );
    expect(none.every(Number.isFinite)).toBe(true);
  });
});
