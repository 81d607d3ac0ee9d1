import { describe, expect, it } from "vitest";
import { cutOutBy } from "../../src/image/cut-out.ts";
import { type Picture, picture } from "../../src/image/picture.ts";
import { changeThings, type FoundThing, placeOfGone } from "../../src/pipeline/change-things.ts";

const SIDE = 16;
const plain = (color: readonly number[]): Picture =>
  picture(
    SIDE,
    SIDE,
    Uint8Array.from({ length: SIDE * SIDE * 3 }, (_, i) => color[i % 3]),
  );
const [GREEN, RED, BLUE, GRAY] = [
  [0, 200, 0],
  [200, 0, 0],
  [0, 0, 200],
  [90, 90, 90],
];
/** 1 in a region of pixels, from its left and top up to, not including, its right and bottom. */
const region = (left: number, top: number, right: number, bottom: number) =>
  Float32Array.from({ length: SIDE * SIDE }, (_, pixel) => {
    const [x, y] = [pixel % SIDE, Math.floor(pixel / SIDE)];
    return x >= left && x < right && y >= top && y < bottom ? 1 : 0;
  });
const painted = (onto: Picture, where: Float32Array, color: readonly number[]): Picture =>
  picture(
    SIDE,
    SIDE,
    onto.data.map((level, i) => (where[Math.floor(i / 3)] === 1 ? color[i % 3] : level)),
  );
/** A red thing of 4x4 pixels, of which the left column is blue, on green, with a gray shadow below. */
const own = region(4, 6, 8, 10);
const shadow = region(4, 10, 8, 11);
const source = painted(painted(painted(plain(GREEN), own, RED), region(4, 6, 5, 10), BLUE), shadow, GRAY);
const thing = (changes: Partial<FoundThing>): FoundThing => ({
  tokens: Float32Array.of(1, 0, 0),
  color: new Float32Array(3),
  goes: false,
  alone: false,
  recolors: false,
  mirrors: false,
  poses: false,
  scale: 1,
  lift: 0,
  own,
  touched: own.map((is, pixel) => Math.max(is, shadow[pixel])),
  painted: plain([1, 2, 3]),
  ...changes,
});
/** The pixels of a color in what comes of one change: left, top, right and bottom, the last two not included. */
function boxOf(color: readonly number[], result: Picture): number[] | undefined {
  const pixels = Array.from({ length: SIDE * SIDE }, (_, pixel) => pixel).filter((pixel) =>
    color.every((level, channel) => result.data[pixel * 3 + channel] === level),
  );
  if (pixels.length === 0) return undefined;
  const [columns, rows] = [pixels.map((pixel) => pixel % SIDE), pixels.map((pixel) => Math.floor(pixel / SIDE))];
  return [Math.min(...columns), Math.min(...rows), Math.max(...columns) + 1, Math.max(...rows) + 1];
}
const cleared = plain(GREEN);
const change = (changes: Partial<FoundThing>, onto = source) => changeThings(source, cleared, onto, [thing(changes)]);

describe("changeThings", () => {
  it("takes something away with its shadow", () => {
    expect(change({ goes: true }).data).toEqual(plain(GREEN).data);
  });

  it("paints it where it stands", () => {
    const result = change({ recolors: true });
    expect(result.data).toEqual(painted(source, own, [1, 2, 3]).data);
  });

  it("turns it around in its place", () => {
    const result = change({ mirrors: true });
    expect(boxOf(BLUE, result)).toEqual([7, 6, 8, 10]);
    expect(boxOf(RED, result)).toEqual([4, 6, 7, 10]);
    expect(boxOf(GRAY, result)).toBeUndefined();
  });

  it("makes it larger and smaller on its ground, and lifts it", () => {
    expect(boxOf(RED, change({ scale: 2 }))).toEqual([4, 2, 10, 10]);
    expect(boxOf(RED, change({ scale: 0.5 }))).toEqual([6, 8, 7, 10]);
    expect(boxOf(RED, change({ lift: 0.25 }))).toEqual([5, 2, 8, 6]);
  });

  it("puts it in another pose where it stood, as high or wide as it was", () => {
    const posed = cutOutBy(plain([7, 8, 9]), Uint8Array.from(region(2, 8, 10, 12)));
    const result = change({ poses: true, posed });
    expect(boxOf([7, 8, 9], result)).toEqual([4, 8, 8, 10]);
    expect([RED, BLUE, GRAY].map((color) => boxOf(color, result))).toEqual([undefined, undefined, undefined]);
    const nowhere = { own: own.map(() => 0), touched: own.map(() => 0) };
    expect(change({ poses: true, posed, ...nowhere }).data).toEqual(source.data);
  });

  it("leaves it as it is where its other pose comes out as nothing", () => {
    expect(boxOf(RED, change({ poses: true }))).toEqual(boxOf(RED, source));
  });

  it("leaves it alone on the color of the result's frame", () => {
    const result = change({ alone: true }, painted(plain([255, 255, 255]), region(0, 0, 3, 3), RED));
    expect(result.data).toEqual(painted(painted(plain([255, 255, 255]), own, RED), region(4, 6, 5, 10), BLUE).data);
  });

  it("changes what it is of a result that is no longer the source", () => {
    const result = change({ recolors: true }, plain(BLUE));
    expect(result.data).toEqual(painted(plain(BLUE), own, [1, 2, 3]).data);
  });

  it("leaves a picture as it is where nothing changes, or nothing is found", () => {
    expect(change({}).data).toEqual(source.data);
    const nowhere = { own: own.map(() => 0), touched: own.map(() => 0) };
    for (const changes of [{ goes: true }, { scale: 2 }, { recolors: true }]) {
      expect(change({ ...changes, ...nowhere }).data).toEqual(source.data);
    }
  });

  it("puts what moves in front of what goes", () => {
    const other = region(4, 2, 8, 6);
    const both = painted(source, other, GRAY);
    const gone = thing({ goes: true, own: other, touched: other });
    const result = changeThings(both, cleared, both, [thing({ lift: 0.25 }), gone]);
    expect(boxOf(RED, result)).toEqual([5, 2, 8, 6]);
  });
});

it("knows where what goes away was: the last that is named before a token, else the first", () => {
  const at = (token: number, changes: Partial<FoundThing>) =>
    thing({ tokens: Float32Array.from({ length: 6 }, (_, i) => (i === token ? 1 : 0)), ...changes });
  const other = region(0, 0, 2, 4);
  const things = [at(0, {}), at(1, { goes: true, own: other }), at(3, { goes: true })];
  const [first, second] = [
    { left: 0, top: 0, right: 0.125, bottom: 0.25 },
    { left: 0.25, top: 0.375, right: 0.5, bottom: 0.625 },
  ];
  expect([1, 2, 4].map((before) => placeOfGone(source, things, before))).toEqual([first, first, second]);
  expect(placeOfGone(source, [at(0, {})], 1)).toBeUndefined();
});
