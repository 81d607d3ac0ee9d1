import { describe, expect, it } from "vitest";
import { UserError } from "../../src/errors.ts";
import { Random } from "../../src/random.ts";
import { guidanceScale } from "../../src/sampling/guidance.ts";
import { maskRounds, tokensToPredict } from "../../src/sampling/mask-schedule.ts";
import { drawOrder, maskFromOrder, tokensBetween } from "../../src/sampling/orders.ts";
import { trainingMask, trainingMaskCount } from "../../src/sampling/training-mask.ts";

/** An order and the masks of its four rounds, recorded from the official sampler on a 4x4 grid. */
const order = Int32Array.of(4, 3, 7, 1, 5, 10, 15, 8, 12, 13, 2, 11, 6, 9, 0, 14);
const recordedMasks = [
  [1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1],
  [0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 1],
  [0, 1, 1, 1, 1, 1, 0, 1, 1, 0, 1, 0, 1, 1, 0, 1],
  [0, 1, 0, 1, 1, 1, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0],
];

describe("drawOrder", () => {
  it("is a permutation that the seed decides", () => {
    const drawn = drawOrder(new Random(1), 64);
    expect(Array.from(drawn).sort((a, b) => a - b)).toEqual(Array.from({ length: 64 }, (_, i) => i));
    expect(drawOrder(new Random(1), 64)).toEqual(drawn);
    expect(drawOrder(new Random(2), 64)).not.toEqual(drawn);
  });

  it("puts every token in every place equally often", () => {
    const random = new Random(5);
    const counts = [0, 0, 0, 0];
    for (let i = 0; i < 4000; i++) counts[drawOrder(random, 4)[0]]++;
    // Standard deviation 27: five of them.
    for (const count of counts) expect(Math.abs(count - 1000)).toBeLessThan(137);
  });
});

describe("maskRounds", () => {
  it("reproduces the recorded masks and predicts each token once", () => {
    const rounds = maskRounds(16, 4);
    expect(rounds.map((round) => Array.from(maskFromOrder(order, round.maskedBefore)))).toEqual(recordedMasks);
    expect(rounds.map((round) => Array.from(tokensToPredict(order, round)))).toEqual([
      [0, 14],
      [6, 9, 11],
      [2, 8, 12, 13, 15],
      [1, 3, 4, 5, 7, 10],
    ]);
  });

  it("draws everything in a single round", () => {
    expect(maskRounds(9, 1)).toEqual([{ round: 0, maskedBefore: 9, maskLength: 1, maskedAfter: 0, predicted: 9 }]);
  });

  it("skips rounds that would predict nothing when there are more rounds than tokens", () => {
    const rounds = maskRounds(3, 8);
    expect(rounds.map(({ round, predicted }) => [round, predicted])).toEqual([
      [0, 1],
      [1, 1],
      [7, 1],
    ]);
    expect(maskRounds(1, 5)).toEqual([{ round: 4, maskedBefore: 1, maskLength: 1, maskedAfter: 0, predicted: 1 }]);
  });

  it.each([
    [16, 4],
    [24, 3],
    [4096, 64],
    [1024, 32],
    [7, 100],
  ])("hands the masked count from round to round (%i tokens, %i rounds)", (tokens, count) => {
    let masked = tokens;
    for (const round of maskRounds(tokens, count)) {
      expect(round.maskedBefore).toBe(masked);
      expect(round.predicted).toBeGreaterThan(0);
      masked -= round.predicted;
      expect(round.maskedAfter).toBe(masked);
    }
    expect(masked).toBe(0);
  });

  it("refuses counts that are not whole and positive", () => {
    for (const [tokens, rounds] of [
      [0, 4],
      [16, 0],
      [16, 2.5],
      [16, Number.NaN],
    ]) {
      expect(() => maskRounds(tokens, rounds)).toThrow(UserError);
    }
  });
});

describe("tokensBetween", () => {
  it("lists visible tokens in raster order", () => {
    expect(Array.from(tokensBetween(order, 11, 16))).toEqual([0, 6, 9, 11, 14]);
  });
});

describe("guidanceScale", () => {
  it("is constant, or rises with the share drawn", () => {
    expect(guidanceScale("constant", 3, 14, 16)).toBe(3);
    expect(guidanceScale("linear", 3, 16, 16)).toBe(1);
    expect(guidanceScale("linear", 3, 14, 16)).toBe(1.25);
    expect(guidanceScale("linear", 3, 1, 16)).toBe(2.875);
    expect(guidanceScale("linear", 1, 5, 16)).toBe(1);
  });
});

describe("trainingMask", () => {
  it("draws counts from the truncated normal", () => {
    const random = new Random(11);
    const counts = Array.from({ length: 4000 }, () => trainingMaskCount(random, 1000));
    expect(Math.min(...counts)).toBeGreaterThanOrEqual(700);
    expect(Math.max(...counts)).toBeLessThanOrEqual(1000);
    // Mean of the half normal cut at 1.2 deviations: 1 - .25 (phi(0) - phi(1.2)) / (Phi(1.2) - .5) = 0.8667.
    const mean = counts.reduce((a, b) => a + b, 0) / counts.length;
    expect(mean).toBeGreaterThan(862);
    expect(mean).toBeLessThan(872);
  });

  it("hides exactly the count, at random places", () => {
    const random = new Random(3);
    const masks = Array.from({ length: 2 }, () => trainingMask(random, 50, 40));
    for (const mask of masks) expect(mask.reduce((a, b) => a + b, 0)).toBe(40);
    expect(masks[0]).not.toEqual(masks[1]);
  });

  it("hides everything when the smallest ratio is 1", () => {
    expect(trainingMaskCount(new Random(1), 77, 1)).toBe(77);
  });

  it("refuses what cannot be", () => {
    expect(() => trainingMaskCount(new Random(1), 10, 1.5)).toThrow(UserError);
    expect(() => trainingMask(new Random(1), 10, 11)).toThrow(RangeError);
  });
});
