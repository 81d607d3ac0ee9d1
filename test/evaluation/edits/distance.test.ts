import { describe, expect, it } from "vitest";
import {
  distance,
  editedRegion,
  everywhere,
  largestDistance,
  outside,
} from "../../../src/evaluation/edits/distance.ts";
import type { Picture } from "../../../src/image/index.ts";

const SIDE = 32;

/** A gray picture with a square of another gray. */
function gray(level: number, square?: { left: number; top: number; side: number; level: number }): Picture {
  const data = new Uint8Array(SIDE * SIDE * 3).fill(level);
  if (square) {
    for (let y = square.top; y < square.top + square.side; y++) {
      data.fill(square.level, (y * SIDE + square.left) * 3, (y * SIDE + square.left + square.side) * 3);
    }
  }
  return { width: SIDE, height: SIDE, data };
}

const count = (mask: Uint8Array): number => mask.reduce((sum, each) => sum + each, 0);

describe("the edited region", () => {
  it("is where source and target differ, and a rim around it, within the picture", () => {
    const square = { left: 4, top: 8, side: 6, level: 200 };
    const region = editedRegion(gray(100), gray(100, square));
    expect(count(region)).toBe(8 * 8);
    expect(region[7 * SIDE + 3]).toBe(1);
    expect(region[6 * SIDE + 4]).toBe(0);
    const corner = editedRegion(gray(100), gray(100, { left: 0, top: 0, side: 4, level: 200 }));
    expect(count(corner)).toBe(5 * 5);
    expect(count(editedRegion(gray(100), gray(105)))).toBe(0);
  });

  it("takes in boxes of what was found, cut to the picture", () => {
    const box = { left: 0.75, top: -0.2, right: 1.2, bottom: 0.25 };
    expect(count(editedRegion(gray(100), gray(100), [box]))).toBe(9 * 9);
    expect(count(outside(editedRegion(gray(100), gray(100), [box])))).toBe(SIDE * SIDE - 81);
  });
});

describe("the distance", () => {
  it("is the root mean square of the differences where it is asked for", () => {
    const square = { left: 0, top: 0, side: 16, level: 151 };
    expect(distance(gray(100), gray(151), everywhere(gray(0)))).toBeCloseTo(0.2, 12);
    // A fourth of the picture differs.
    expect(distance(gray(100), gray(100, square), everywhere(gray(0)))).toBeCloseTo(0.1, 12);
    expect(distance(gray(100), gray(100, square), outside(editedRegion(gray(100), gray(100, square))))).toBe(0);
  });

  it("at its largest is that of the worst cell, of those that are looked at", () => {
    const square = { left: 8, top: 16, side: 8, level: 151 };
    const all = everywhere(gray(0));
    expect(largestDistance(gray(100), gray(100, square), all)).toBeCloseTo(0.2, 12);
    expect(distance(gray(100), gray(100, square), all)).toBeCloseTo(0.05, 12);
    // Of that cell only a pixel is left to look at: too few to count.
    const nearly = all.slice();
    for (let y = 16; y < 24; y++) nearly.fill(0, y * SIDE + 8, y * SIDE + 16);
    nearly[16 * SIDE + 8] = 1;
    expect(largestDistance(gray(100), gray(100, square), nearly)).toBe(0);
  });

  it("at its largest counts boxes too, which need not lie in one cell", () => {
    const square = { left: 6, top: 14, side: 4, level: 151 };
    const all = everywhere(gray(0));
    const box = { left: 6 / SIDE, top: 14 / SIDE, right: 10 / SIDE, bottom: 18 / SIDE };
    expect(largestDistance(gray(100), gray(100, square), all)).toBeCloseTo(0.05, 12);
    expect(largestDistance(gray(100), gray(100, square), all, [box])).toBeCloseTo(0.2, 12);
    const edited = outside(editedRegion(gray(100), gray(100, square)));
    expect(largestDistance(gray(100), gray(100, square), edited, [box])).toBe(0);
  });
});
