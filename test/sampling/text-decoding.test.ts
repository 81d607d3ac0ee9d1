import { describe, expect, it } from "vitest";
import { UserError } from "../../src/errors.ts";
import { Random } from "../../src/random.ts";
import { chooseToken, type TextDecoding } from "../../src/sampling/text-decoding.ts";

const logits = (...list: number[]) => Float32Array.from(list);

function frequencies(values: Float32Array, decoding: TextDecoding, draws = 4000): number[] {
  const random = new Random(9);
  const counts = Array.from(values, () => 0);
  for (let i = 0; i < draws; i++) counts[chooseToken(values, decoding, random)]++;
  return counts.map((count) => count / draws);
}

/** Probabilities .1, .2, .3, .4. */
const rising = logits(...[0.1, 0.2, 0.3, 0.4].map(Math.log));

describe("chooseToken", () => {
  it("is greedy by default, the lowest id among equals", () => {
    expect(chooseToken(logits(0, 5, 5, 1), {}, new Random(1))).toBe(1);
    expect(chooseToken(logits(-Infinity, -3), {}, new Random(1))).toBe(1);
  });

  it("samples the model's distribution at temperature 1", () => {
    frequencies(rising, { temperature: 1 }).forEach((share, i) => {
      expect(Math.abs(share - 0.1 * (i + 1))).toBeLessThan(0.04);
    });
  });

  it("sharpens below 1", () => {
    // Squares: 1, 4, 9, 16 of 30.
    frequencies(rising, { temperature: 0.5 }).forEach((share, i) => {
      expect(Math.abs(share - (i + 1) ** 2 / 30)).toBeLessThan(0.04);
    });
  });

  it("keeps the k most likely, lowest ids where tied", () => {
    const [first, second, third, fourth] = frequencies(rising, { temperature: 1, topK: 2 });
    expect([first, second]).toEqual([0, 0]);
    expect(Math.abs(third - 3 / 7)).toBeLessThan(0.04);
    expect(Math.abs(fourth - 4 / 7)).toBeLessThan(0.04);
    const tied = frequencies(logits(1, 2, 1, 1), { temperature: 1, topK: 3 });
    expect(tied[2]).toBeGreaterThan(0);
    expect(tied[3]).toBe(0);
  });

  it("keeps the smallest set that reaches topP", () => {
    expect(frequencies(rising, { temperature: 1, topP: 0.3 }).slice(0, 3)).toEqual([0, 0, 0]);
    const shares = frequencies(rising, { temperature: 1, topP: 0.65 });
    expect(shares.slice(0, 2)).toEqual([0, 0]);
    expect(Math.abs(shares[2] - 3 / 7)).toBeLessThan(0.04);
    expect(frequencies(logits(0, 0, 0, 0), { temperature: 1, topP: 0.5 }).slice(2)).toEqual([0, 0]);
  });

  it("applies topP to what topK left", () => {
    // Of 3/7 and 4/7 the larger alone reaches a half; of all four it would not.
    expect(frequencies(rising, { temperature: 1, topK: 2, topP: 0.5 })[3]).toBe(1);
  });

  it("stays finite for huge logits and tiny temperatures", () => {
    const huge = logits(3e38, -3e38, 3e38, -Infinity);
    const shares = frequencies(huge, { temperature: 1e-6 }, 500);
    expect(shares[1] + shares[3]).toBe(0);
    expect(shares[0]).toBeGreaterThan(0.4);
    expect(chooseToken(logits(0, Infinity), { temperature: 1 }, new Random(1))).toBe(1);
  });

  it("gives the same tokens for the same seed", () => {
    const draw = (seed: number) => {
      const random = new Random(seed);
      return Array.from({ length: 20 }, () => chooseToken(rising, { temperature: 1, topP: 0.9 }, random));
    };
    expect(draw(4)).toEqual(draw(4));
    expect(draw(4)).not.toEqual(draw(5));
  });

  it("refuses bad options and broken logits", () => {
    const random = new Random(1);
    expect(() => chooseToken(rising, { temperature: -1 }, random)).toThrow(UserError);
    expect(() => chooseToken(rising, { topK: 1.5 }, random)).toThrow(UserError);
    expect(() => chooseToken(rising, { topP: 0 }, random)).toThrow(UserError);
    expect(() => chooseToken(logits(1, Number.NaN), {}, random)).toThrow(/token 1/);
    expect(() => chooseToken(logits(-Infinity, -Infinity), {}, random)).toThrow(RangeError);
  });
});
