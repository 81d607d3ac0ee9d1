import { describe, expect, it } from "vitest";
import { blur, coarsen, degrade } from "../../../src/evaluation/detector/degrade.ts";
import { Random } from "../../../src/random.ts";

const SIZE = 8;
const noise = (seed: number) => new Random(seed).normals(3 * SIZE * SIZE).map((value) => Math.tanh(value));
const variance = (values: Float32Array) => {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
};

describe("blurring", () => {
  it("spreads a point over its neighbors with weights 1, 2, 1 each way, within its channel", () => {
    const picture = new Float32Array(3 * SIZE * SIZE);
    picture[SIZE * SIZE + 3 * SIZE + 4] = 16; // channel 1, row 3, column 4
    blur(picture, SIZE);
    const at = (channel: number, row: number, column: number) => picture[channel * SIZE * SIZE + row * SIZE + column];
    expect([at(1, 3, 4), at(1, 3, 5), at(1, 2, 4), at(1, 2, 3), at(1, 3, 6)]).toEqual([4, 2, 2, 1, 0]);
    expect(at(0, 3, 4) + at(2, 3, 4)).toBe(0);
  });
});

describe("coarsening", () => {
  it("keeps what is even or slopes evenly, and loses fine detail", () => {
    const slope = Float32Array.from({ length: 3 * SIZE * SIZE }, (_, i) => (i % SIZE) / SIZE);
    const coarse = slope.slice();
    coarsen(coarse, SIZE, 0.5);
    for (let i = 0; i < slope.length; i++) expect(Math.abs(coarse[i] - slope[i])).toBeLessThan(0.13);
    const rough = noise(1);
    const before = variance(rough);
    coarsen(rough, SIZE, 0.5);
    expect(variance(rough)).toBeLessThan(0.7 * before);
  });
});

describe("degrading", () => {
  it("changes some pictures and not others, stays in range, and is the same for the same seed", () => {
    let changed = 0;
    for (let seed = 0; seed < 60; seed++) {
      const picture = noise(seed);
      const again = noise(seed);
      degrade(new Random(seed), picture, SIZE);
      degrade(new Random(seed), again, SIZE);
      expect(picture).toEqual(again);
      expect(Math.max(...picture.map(Math.abs))).toBeLessThanOrEqual(1);
      if (!picture.every((value, i) => value === noise(seed)[i])) changed++;
    }
    expect(changed).toBeGreaterThan(30);
    expect(changed).toBeLessThan(60);
  });
});
