import { describe, expect, it } from "vitest";
import {
  cropCentreSquare,
  fromModelRange,
  type Picture,
  padToSquare,
  picture,
  prepareByStretching,
  prepareForEditing,
  prepareForUnderstanding,
  resize,
  toModelRange,
} from "../../src/image/index.ts";
import { pillowResults } from "./fixtures/fixture.ts";

const pillow = pillowResults();

function original(name: string): Picture {
  const { shape, values } = pillow.get(`in.${name}.rgb`)!;
  return picture(shape[1], shape[0], values as Uint8Array);
}

/** One row of grey pixels. */
const row = (...levels: number[]) =>
  picture(levels.length, 1, Uint8Array.from(levels.flatMap((level) => [level, level, level])));
const firstChannel = ({ data }: Picture) => Array.from(data).filter((_, i) => i % 3 === 0);

describe.each(["land", "port"])("preparing the %s picture as Pillow does", (name) => {
  it.each([
    ["expand2square", (source: Picture) => padToSquare(source)],
    ["crop2square", cropCentreSquare],
    ["expand_resize", (source: Picture) => prepareForUnderstanding(source, 64)],
    ["crop_resize", (source: Picture) => prepareForEditing(source, 64)],
    ["stretch_resize", (source: Picture) => prepareByStretching(source, 64)],
  ])("%s", (step, prepare) => {
    const expected = pillow.get(`out.${name}.${step}`)!;
    const result = prepare(original(name));
    expect([result.height, result.width, 3]).toEqual(expected.shape);
    expect(Buffer.from(result.data).equals(Buffer.from(expected.values as Uint8Array))).toBe(true);
  });
});

describe("toModelRange and fromModelRange", () => {
  it("equals the official edit tensor to the bit", () => {
    const values = toModelRange(prepareForEditing(original("land"), 64));
    expect(values).toEqual(pillow.get("out.land.edit_tensor")!.values);
  });

  it("arranges channels first", () => {
    const values = toModelRange(picture(2, 1, Uint8Array.of(0, 255, 51, 255, 0, 0)));
    expect(Array.from(values, (value) => Math.round(value * 1000) / 1000)).toEqual([-1, 1, 1, -1, -0.6, -1]);
  });

  it("clamps, truncates and turns not-a-number black", () => {
    const values = Float32Array.of(-2, -1, 0, 0.999, 1, Number.NaN, Infinity, 0.0039, -1.0039, -0.5, 0.5, 2);
    // 127.5 x + 128: -127, .5, 128, 255.37, 255.5, -, -, 128.497, .0028, 64.25, 191.75, 383
    const { data, width, height } = fromModelRange(values, 1, 4);
    expect([width, height]).toEqual([4, 1]);
    const planes = [0, 1, 2].map((channel) => [0, 1, 2, 3].map((pixel) => data[pixel * 3 + channel]));
    expect(planes).toEqual([
      [0, 0, 128, 255],
      [255, 0, 255, 128],
      [0, 64, 191, 255],
    ]);
  });

  it("gives every level back", () => {
    const levels = picture(
      256,
      1,
      Uint8Array.from({ length: 768 }, (_, i) => Math.floor(i / 3)),
    );
    expect(fromModelRange(toModelRange(levels), 1, 256)).toEqual(levels);
  });

  it("refuses values that do not fit the sides", () => {
    expect(() => fromModelRange(new Float32Array(11), 2, 2)).toThrow(RangeError);
    expect(() => picture(2, 2, new Uint8Array(16))).toThrow(/12 values, not 16/);
    expect(() => picture(0, 2, new Uint8Array(0))).toThrow(RangeError);
  });
});

describe("resize", () => {
  it("doubles a row with the bicubic weights, edges renormalised", () => {
    // A pixel a quarter from its source weighs four neighbours -0.0703125, 0.8671875, 0.2265625, -0.0234375 (or mirrored).
    // At the step: -.0234375 200 < 0 is clipped; (.2265625 - .0234375) 200 = 40.6; (.8671875 - .0703125) 200 = 159.4; then overshoot.
    expect(firstChannel(resize(row(0, 0, 0, 200, 200, 200), 12, 1))).toEqual([
      0, 0, 0, 0, 0, 41, 159, 214, 205, 200, 200, 200,
    ]);
  });

  it("widens the filter when shrinking", () => {
    // Without antialiasing, every other column of this pattern would win.
    const stripes = row(...Array.from({ length: 32 }, (_, i) => (i % 2) * 254));
    for (const level of firstChannel(resize(stripes, 8, 1)).slice(1, 7)) expect(Math.abs(level - 127)).toBeLessThan(2);
  });

  it("keeps a flat picture flat at any size", () => {
    const flat = picture(5, 7, new Uint8Array(105).fill(93));
    for (const [width, height] of [
      [1, 1],
      [3, 11],
      [64, 2],
    ]) {
      expect(new Set(resize(flat, width, height).data)).toEqual(new Set([93]));
    }
  });

  it("returns a copy when the size stays", () => {
    const source = row(1, 2, 3);
    const copy = resize(source, 3, 1);
    copy.data[0] = 99;
    expect(source.data[0]).toBe(1);
  });

  it("refuses sides that make no picture", () => {
    for (const side of [0, -1, 1.5, Number.NaN, 1e6]) expect(() => resize(row(1), side, 4)).toThrow(RangeError);
  });
});

describe("squares", () => {
  it("puts the odd pixel on the right when padding and when cropping", () => {
    expect(firstChannel(padToSquare(row(1, 2, 3, 4), 0))).toEqual([0, 0, 0, 0, 1, 2, 3, 4, 0, 0, 0, 0, 0, 0, 0, 0]);
    expect(firstChannel(cropCentreSquare(row(1, 2, 3, 4)))).toEqual([2]);
  });
});
