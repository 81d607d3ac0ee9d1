import { expect, it } from "vitest";
import { movedApart } from "../../src/image/apart.ts";
import { Random } from "../../src/random.ts";

const region = (left: number, top: number, wide: number, high = wide) => ({
  left,
  top,
  right: left + wide,
  bottom: top + high,
});
const rounded = (regions: ReturnType<typeof movedApart>) =>
  regions.map(({ left, top, right, bottom }) => [left, top, right, bottom].map((edge) => Number(edge.toFixed(3))));

it("leaves regions where they are that do not meet", () => {
  const apart = [region(0, 0, 0.5), region(0.5, 0, 0.5), region(0.2, 0.6, 0.3)];
  expect(movedApart(apart)).toEqual(apart);
  expect(movedApart([])).toEqual([]);
});

it("moves two as little as it takes, each by half, sideways or in height", () => {
  expect(rounded(movedApart([region(0.2, 0.3, 0.3), region(0.4, 0.32, 0.3)]))).toEqual([
    [0.15, 0.3, 0.45, 0.6],
    [0.45, 0.32, 0.75, 0.62],
  ]);
  expect(rounded(movedApart([region(0.3, 0.4, 0.3), region(0.32, 0.2, 0.3)]))).toEqual([
    [0.3, 0.45, 0.6, 0.75],
    [0.32, 0.15, 0.62, 0.45],
  ]);
});

it("moves what has more room the whole way where the other is at the frame", () => {
  expect(rounded(movedApart([region(0, 0.3, 0.3), region(0.1, 0.3, 0.3)]))).toEqual([
    [0, 0.3, 0.3, 0.6],
    [0.3, 0.3, 0.6, 0.6],
  ]);
});

it("keeps everything in the picture, of its size, and gives up on what has no room", () => {
  const random = new Random(1);
  for (let i = 0; i < 200; i++) {
    const given = Array.from({ length: 4 }, () => {
      const wide = random.uniform(0.2, 0.9);
      return region(random.uniform(0, 1 - wide), random.uniform(0, 1 - wide), wide);
    });
    movedApart(given).forEach(({ left, top, right, bottom }, at) => {
      expect(Math.min(left, top)).toBeGreaterThanOrEqual(-1e-9);
      expect(Math.max(right, bottom)).toBeLessThanOrEqual(1 + 1e-9);
      expect(right - left).toBeCloseTo(given[at].right - given[at].left, 9);
      expect(bottom - top).toBeCloseTo(given[at].bottom - given[at].top, 9);
    });
  }
});

it("finds room for four that are a little out of their places", () => {
  const random = new Random(2);
  for (let i = 0; i < 50; i++) {
    const given = [0.05, 0.55].flatMap((x) =>
      [0.05, 0.55].map((y) => region(x + random.uniform(-0.05, 0.15), y + random.uniform(-0.15, 0.05), 0.4)),
    );
    const moved = movedApart(given);
    for (let a = 0; a < 4; a++) {
      for (let b = a + 1; b < 4; b++) {
        const [one, other] = [moved[a], moved[b]];
        const x = Math.min(one.right, other.right) - Math.max(one.left, other.left);
        const y = Math.min(one.bottom, other.bottom) - Math.max(one.top, other.top);
        expect(Math.min(x, y)).toBeLessThan(0.02);
      }
    }
  }
});
