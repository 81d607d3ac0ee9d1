import { describe, expect, it } from "vitest";
import { type Picture, picture } from "../../src/image/picture.ts";
import { keepThings } from "../../src/pipeline/keep-things.ts";

const SIDE = 8;
/** A picture whose levels follow from the column of a pixel, in every channel. */
const byColumn = (levels: readonly number[]): Picture =>
  picture(
    SIDE,
    SIDE,
    Uint8Array.from({ length: SIDE * SIDE * 3 }, (_, i) => levels[Math.floor(i / 3) % SIDE]),
  );
const columns = ({ data }: Picture): number[] => Array.from({ length: SIDE }, (_, column) => data[column * 3]);

const cleared = byColumn(new Array(SIDE).fill(100));
/** A thing in the second and third column, with something faint beside it: halfway between background and thing. */
const source = byColumn([100, 200, 0, 132, 100, 100, 100, 100]);

describe("keepThings", () => {
  it("has what stands in the source on a background that is new", () => {
    const result = byColumn([30, 90, 90, 30, 30, 30, 30, 30]);
    expect(columns(keepThings(source, cleared, result))).toEqual([30, 200, 0, 81, 30, 30, 30, 30]);
  });

  it("leaves a result alone whose background is the old one", () => {
    const result = byColumn([100, 90, 90, 120, 110, 100, 100, 95]);
    expect(keepThings(source, cleared, result)).toBe(result);
  });

  it("takes a background for new where more than half of it is", () => {
    const some = byColumn([30, 90, 90, 30, 30, 100, 100, 100]);
    expect(keepThings(source, cleared, some)).toBe(some);
    const most = byColumn([30, 90, 90, 30, 30, 30, 100, 100]);
    expect(columns(keepThings(source, cleared, most))).toEqual([30, 200, 0, 81, 30, 30, 100, 100]);
  });

  it("has nothing to keep of a source that is all background, or all things", () => {
    const result = byColumn(new Array(SIDE).fill(7));
    expect(columns(keepThings(cleared, cleared, result))).toEqual(new Array(SIDE).fill(7));
    const full = byColumn(new Array(SIDE).fill(200));
    expect(keepThings(full, cleared, result)).toBe(result);
  });
});
