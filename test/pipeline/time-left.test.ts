import { describe, expect, it } from "vitest";
import { TimeLeft } from "../../src/pipeline/time-left.ts";

const STEPS = 4;

/** Goes through a drawing whose every round takes as long as `seconds` says; gives the estimates before each step and what was true. */
function follow(tokens: number[], seconds: (tokens: number, round: number) => number, steps = tokens.map(() => STEPS)) {
  const times = tokens.map(seconds);
  const total = times.reduce((a, b) => a + b);
  const timeLeft = new TimeLeft(
    tokens.map((count, round) => ({ tokens: count, steps: steps[round] })),
    100,
  );
  const seen: { round: number; step: number; left?: number; whole?: number; truth: number }[] = [];
  let start = 100;
  times.forEach((time, round) => {
    for (let step = 0; step < steps[round]; step++) {
      const now = start + (time * step) / steps[round];
      seen.push({ round, step, ...timeLeft.at(now, { round, step, steps: steps[round] }), truth: 100 + total - now });
    }
    start += time;
  });
  return { seen, total };
}

describe("the time left", () => {
  it("is not known before the first step is over, and then what equal rounds take", () => {
    const { seen, total } = follow([3, 3, 3, 3], () => 8);
    expect(seen[0].left).toBeUndefined();
    for (const { left, whole, truth } of seen.slice(1)) {
      expect(left).toBeCloseTo(truth, 6);
      expect(whole).toBeCloseTo(total, 6);
    }
  });

  it("foresees that rounds with more tokens take longer", () => {
    const { seen } = follow([1, 2, 4, 8, 16, 32], (tokens) => 3 + 0.5 * tokens);
    for (const { round, left, truth } of seen) if (round >= 2) expect(left).toBeCloseTo(truth, 6);
  });

  it("takes into account that later rounds may have fewer steps", () => {
    const steps = [8, 6, 4, 2, 1];
    const { seen } = follow([1, 2, 4, 8, 16], (tokens, round) => steps[round] * (3 + 0.5 * tokens), steps);
    for (const { round, left, truth } of seen) if (round >= 2) expect(left).toBeCloseTo(truth, 6);
  });

  it("forgets a slow first round once it knows better", () => {
    const { seen } = follow([1, 2, 4, 8, 16], (tokens, round) => (round === 0 ? 60 : 3 + 0.5 * tokens));
    for (const { round, left, truth } of seen) if (round >= 3) expect(left).toBeCloseTo(truth, 6);
  });

  it("is never below zero, also where later rounds happen to be faster", () => {
    const { seen } = follow([1, 4, 9, 30, 60], (tokens) => 20 / tokens);
    for (const { left } of seen.slice(1)) expect(left).toBeGreaterThanOrEqual(0);
  });
});
