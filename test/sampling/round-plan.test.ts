import { describe, expect, it } from "vitest";
import { UserError } from "../../src/errors.ts";
import { isGuided } from "../../src/sampling/guidance.ts";
import { planRounds, type RoundPlanOptions } from "../../src/sampling/round-plan.ts";
import { annealedSteps, stepsOfRounds } from "../../src/sampling/step-annealing.ts";

const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);

describe("annealedSteps", () => {
  it("goes from the first number to the last in equal strides", () => {
    expect(annealedSteps(50, 5, 4)).toEqual([50, 35, 20, 5]);
    expect(annealedSteps(5, 10, 3)).toEqual([5, 8, 10]);
    expect(annealedSteps(8, 8, 3)).toEqual([8, 8, 8]);
  });

  it("takes the mean of both ends in each round on average", () => {
    for (const rounds of [2, 16, 32, 33]) {
      const steps = annealedSteps(50, 5, rounds);
      expect(steps).toHaveLength(rounds);
      // Rounding moves each by at most a half.
      expect(Math.abs(sum(steps) - (rounds * 55) / 2)).toBeLessThanOrEqual(rounds / 2);
      for (let i = 1; i < rounds; i++) expect(steps[i]).toBeLessThanOrEqual(steps[i - 1]);
    }
  });

  it("takes the first number in a single round", () => {
    expect(annealedSteps(50, 5, 1)).toEqual([50]);
  });

  it("refuses what is no number of steps", () => {
    for (const [first, last] of [
      [0, 5],
      [5, 0],
      [1.5, 5],
      [5, Number.NaN],
    ]) {
      expect(() => annealedSteps(first, last, 4)).toThrow(UserError);
    }
  });

  it("leaves one respacing as it is", () => {
    expect(stepsOfRounds("10,20", 2)).toEqual(["10,20", "10,20"]);
    expect(stepsOfRounds([4, 2], 3)).toEqual(["4", "3", "2"]);
  });
});

describe("isGuided", () => {
  const guidedOf = (interval: [number, number] | undefined, rounds: number) =>
    Array.from({ length: rounds }, (_, round) => round).filter((round) => isGuided(interval, round, rounds));

  it("takes the rounds whose middles lie in the interval", () => {
    expect(guidedOf(undefined, 4)).toEqual([0, 1, 2, 3]);
    expect(guidedOf([0, 0.5], 4)).toEqual([0, 1]);
    expect(guidedOf([0.1, 0.8], 10)).toEqual([1, 2, 3, 4, 5, 6, 7]);
    expect(guidedOf([0.45, 0.55], 1)).toEqual([0]);
    expect(guidedOf([0, 0.1], 4)).toEqual([]);
  });
});

describe("planRounds", () => {
  /** One letter a round: `C` all computed, `a` no unconditional rows, `r` reused; lower-case where the decoder reuses features too. */
  const plan = (rounds: number, options: Partial<RoundPlanOptions>) =>
    planRounds(rounds, { steps: "4", guided: true, ...options }).map(
      ({ unconditional, isFull }) => `${unconditional[0]}${isFull ? "F" : "p"}`,
    );

  it("computes everything in every round unless something else is asked for", () => {
    expect(plan(3, {})).toEqual(["cF", "cF", "cF"]);
    expect(plan(3, { cacheRefresh: 3 })).toEqual(["cF", "cF", "cF"]);
    expect(plan(3, { guided: false })).toEqual(["aF", "aF", "aF"]);
  });

  it("gives each round its steps", () => {
    expect(planRounds(3, { steps: [9, 3], guided: true }).map(({ steps }) => steps)).toEqual(["9", "6", "3"]);
  });

  it("leaves out the unconditional rows outside the interval", () => {
    expect(plan(4, { guidanceInterval: [0.25, 0.75] })).toEqual(["aF", "cF", "cF", "aF"]);
  });

  it("refreshes the condition cache every so many rounds, and computes no unconditional rows in between", () => {
    expect(plan(5, { conditionCache: true, cacheRefresh: 3 })).toEqual(["cF", "rF", "rF", "cF", "rF"]);
    expect(plan(3, { conditionCache: true, cacheRefresh: 1 })).toEqual(["cF", "cF", "cF"]);
  });

  it("computes a part of the tokens between refreshes of the token cache", () => {
    expect(plan(5, { tokenCache: 0.5, cacheRefresh: 2 })).toEqual(["cF", "cp", "cF", "cp", "cF"]);
    expect(plan(3, { tokenCache: 0.5, cacheRefresh: 2, guided: false })).toEqual(["aF", "ap", "aF"]);
    expect(plan(4, { tokenCache: 0.5, conditionCache: true, cacheRefresh: 3 })).toEqual(["cF", "rp", "rp", "cF"]);
  });

  it("refreshes where guidance begins, since nothing was computed without the prompt before", () => {
    const options = { guidanceInterval: [0.25, 0.75] as const, cacheRefresh: 9 };
    expect(plan(8, { ...options, conditionCache: true })).toEqual(["aF", "aF", "cF", "rF", "rF", "rF", "aF", "aF"]);
    expect(plan(8, { ...options, tokenCache: 0.5 })).toEqual(["aF", "ap", "cF", "cp", "cp", "cp", "ap", "ap"]);
  });
});
