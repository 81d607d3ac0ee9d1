import { describe, expect, it } from "vitest";
import { estimate, meanOf, share, showEstimate, showPercent, wilsonInterval } from "../../src/evaluation/estimate.ts";
import { Random } from "../../src/random.ts";

describe("wilsonInterval", () => {
  // Newcombe (1998), table I: Wilson's method without continuity correction.
  it.each([
    [81, 263, 0.2553, 0.3662],
    [15, 148, 0.0624, 0.1605],
    [0, 20, 0, 0.1611],
    [1, 29, 0.0061, 0.1718],
  ])("agrees with published intervals: %i of %i", (successes, trials, low, high) => {
    const interval = wilsonInterval(successes / trials, trials);
    expect(interval[0]).toBeCloseTo(low, 4);
    expect(interval[1]).toBeCloseTo(high, 4);
  });

  it("mirrors when successes and failures change places", () => {
    const [low, high] = wilsonInterval(7 / 50, 50);
    const mirrored = wilsonInterval(43 / 50, 50);
    expect(mirrored[0]).toBeCloseTo(1 - high, 12);
    expect(mirrored[1]).toBeCloseTo(1 - low, 12);
  });
});

const zerosAndOnes = (ones: number, count: number): number[] =>
  Array.from({ length: count }, (_, i) => (i < ones ? 1 : 0));

describe("an estimate", () => {
  it("of successes and failures has Wilson's interval", () => {
    const { mean, low, high, trials } = estimate(zerosAndOnes(81, 263));
    expect([mean, trials]).toEqual([81 / 263, 263]);
    expect([low, high].map((bound) => bound.toFixed(10))).toEqual(
      wilsonInterval(81 / 263, 263).map((bound) => bound.toFixed(10)),
    );
    expect(estimate(zerosAndOnes(5, 5)).high).toBe(1);
    expect(estimate(zerosAndOnes(5, 5)).low).toBeCloseTo(0.5655, 4); // 5 / (5 + z^2)
    expect(estimate([])).toEqual({ mean: 0, low: 0, high: 1, trials: 0 });
  });

  it("of shares is narrower than one of the same number of zeros and ones", () => {
    const shares = Array.from({ length: 100 }, (_, i) => (i % 2 === 0 ? 0.4 : 0.6));
    const [narrow, wide] = [estimate(shares), estimate(zerosAndOnes(50, 100))];
    expect(narrow.mean).toBeCloseTo(0.5, 12);
    expect(narrow.high - narrow.low).toBeLessThan(0.3 * (wide.high - wide.low));
    // By the normal law: 1.96 x 0.1 / sqrt(100) each way.
    expect(narrow.high - narrow.mean).toBeCloseTo(0.0196, 3);
    expect(estimate([0.5, 0.5, 0.5]).low).toBeLessThan(0.3);
  });

  it("of prompts with four pictures each holds the truth about 95 times in 100", () => {
    const random = new Random(3);
    let held = 0;
    for (let run = 0; run < 400; run++) {
      // Each prompt has its own difficulty, so its pictures are not independent; the mean of u^2 is a third.
      const scores = Array.from({ length: 80 }, () => {
        const chance = random.uniform() ** 2;
        return [0, 0, 0, 0].reduce((sum) => sum + (random.chance(chance) ? 0.25 : 0), 0);
      });
      const { low, high } = estimate(scores);
      if (low <= 1 / 3 && 1 / 3 <= high) held++;
    }
    expect(held).toBeGreaterThan(0.91 * 400);
    expect(held).toBeLessThan(0.99 * 400);
  });
});

it("joins estimates to their mean, whose interval holds the truth about 95 times in 100", () => {
  const random = new Random(4);
  const chances = [0.99, 0.9, 0.6, 0.3, 0.1, 0.02];
  const truth = chances.reduce((sum, chance) => sum + chance, 0) / 6;
  let held = 0;
  for (let run = 0; run < 400; run++) {
    const parts = chances.map((chance) => estimate(Array.from({ length: 60 }, () => (random.chance(chance) ? 1 : 0))));
    const joined = meanOf(parts);
    if (joined.low <= truth && truth <= joined.high) held++;
    expect(joined.trials).toBe(360);
  }
  expect(held).toBeGreaterThan(0.92 * 400);
  expect(held).toBeLessThan(0.995 * 400);
  expect(meanOf([]).trials).toBe(0);
});

it("counts and shows shares", () => {
  const even = share([1, 2, 3, 4, 6], (value) => value % 2 === 0);
  expect(even.mean).toBe(0.6);
  expect(showPercent(even)).toBe("60.0 %");
  expect(showEstimate(even)).toBe("60.0 % (23.1 to 88.2)");
  expect(showEstimate(estimate([]))).toBe("-");
});
