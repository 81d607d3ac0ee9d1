import { describe, expect, it } from "vitest";
import { proportion, showPercent, showProportion, wilsonInterval } from "../../src/evaluation/proportion.ts";

describe("wilsonInterval", () => {
  // Newcombe (1998), table I: Wilson's method without continuity correction.
  it.each([
    [81, 263, 0.2553, 0.3662],
    [15, 148, 0.0624, 0.1605],
    [0, 20, 0, 0.1611],
    [1, 29, 0.0061, 0.1718],
  ])("agrees with published intervals: %i of %i", (successes, trials, low, high) => {
    const interval = wilsonInterval({ successes, trials });
    expect(interval[0]).toBeCloseTo(low, 4);
    expect(interval[1]).toBeCloseTo(high, 4);
  });

  it("mirrors when successes and failures change places", () => {
    const [low, high] = wilsonInterval({ successes: 7, trials: 50 });
    const mirrored = wilsonInterval({ successes: 43, trials: 50 });
    expect(mirrored[0]).toBeCloseTo(1 - high, 12);
    expect(mirrored[1]).toBeCloseTo(1 - low, 12);
  });

  it("stays within 0 and 1, and knows nothing without trials", () => {
    expect(wilsonInterval({ successes: 5, trials: 5 })[1]).toBe(1);
    expect(wilsonInterval({ successes: 0, trials: 5 })[0]).toBe(0);
    expect(wilsonInterval({ successes: 0, trials: 0 })).toEqual([0, 1]);
  });
});

it("counts and shows shares", () => {
  const even = proportion([1, 2, 3, 4, 6], (value) => value % 2 === 0);
  expect(even).toEqual({ successes: 3, trials: 5 });
  expect(showPercent(even)).toBe("60.0 %");
  expect(showProportion(even)).toBe("60.0 % (23.1 to 88.2)");
  expect(showProportion({ successes: 0, trials: 0 })).toBe("-");
});
