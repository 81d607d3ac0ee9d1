import { describe, expect, it } from "vitest";
import { learningRate } from "../../src/training/learning-rate.ts";

describe("learningRate", () => {
  const cosine = { peak: 1e-3, warmup: 4, steps: 40, shape: "cosine" } as const;

  it("follows the official schedule", () => {
    // mmengine's LinearLR and CosineAnnealingLR, steps 0 to 5 and the last.
    const official = [1e-8, 0.00033334, 0.00066667, 1e-3, 1e-3, 0.0009980973490458728];
    for (const [step, rate] of official.entries()) expect(learningRate(step, cosine)).toBeCloseTo(rate, 12);
    expect(learningRate(39, cosine)).toBeCloseTo(1.9026509541272275e-6, 12);
  });

  it("stays at the peak when constant, and at the minimum after the end", () => {
    expect(learningRate(1000, { ...cosine, shape: "constant" })).toBe(1e-3);
    expect(learningRate(1000, { ...cosine, minimum: 1e-5 })).toBeCloseTo(1e-5, 12);
  });

  it("starts at the peak when there is a single step of warm-up, or none", () => {
    expect(learningRate(0, { ...cosine, warmup: 1 })).toBe(1e-3);
    expect(learningRate(0, { ...cosine, warmup: 0 })).toBe(1e-3);
  });
});
