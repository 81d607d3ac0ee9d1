import { describe, expect, it } from "vitest";
import { type DenoiseInput, denoiseStep, stepCoefficients } from "../../src/sampling/denoise.ts";
import { noiseSchedule } from "../../src/sampling/noise-schedule.ts";

const values = (...list: number[]) => Float32Array.from(list);

describe("stepCoefficients", () => {
  const schedule = noiseSchedule({ respacing: "20" });

  it("picks one step's scalars", () => {
    const step = stepCoefficients(schedule, 2);
    // float32 values of the official arrays at index 2.
    expect(step.sqrtRecip).toBeCloseTo(1.0159109830856323, 6);
    expect(step.sqrtRecipm1).toBeCloseTo(0.17909501492977142, 6);
    expect(step.c1).toBeCloseTo(0.70877605676651, 6);
    expect(step.c2).toBeCloseTo(0.2911982238292694, 6);
    expect(step.minLogVariance).toBeCloseTo(-5.033430099487305, 5);
    expect(step.maxLogVariance).toBeCloseTo(-3.8108677864074707, 5);
    expect(step.mappedTimestep).toBe(105);
    expect(step.noiseScale).toBe(1);
  });

  it("adds no noise at the last step", () => {
    expect(stepCoefficients(schedule, 0).noiseScale).toBe(0);
  });

  it("refuses steps outside the schedule", () => {
    expect(() => stepCoefficients(schedule, 20)).toThrow(RangeError);
    expect(() => stepCoefficients(schedule, -1)).toThrow(RangeError);
  });
});

describe("denoiseStep", () => {
  const step = {
    signal: 0.5,
    spread: Math.sqrt(0.75),
    sqrtRecip: 2,
    sqrtRecipm1: 3,
    c1: 0.5,
    c2: 0.25,
    minLogVariance: Math.log(0.04),
    maxLogVariance: Math.log(4),
    mappedTimestep: 7,
    noiseScale: 1,
  };
  const input: DenoiseInput = {
    x: values(1, 1, 1),
    noiseConditional: values(0.5, 0.5, 0.5),
    noiseUnconditional: values(0.25, 0.25, 0.25),
    variance: values(-1, 1, 0),
    draw: values(1, 1, -1),
    guidance: 3,
    temperature: 0.5,
  };

  it("computes the posterior by hand", () => {
    // eps = .25 + 3 (.25) = 1; x0 = 2 - 3 = -1; mean = -.5 + .25 = -.25; deviations .2, 2 and sqrt(.2 * 2).
    const next = denoiseStep(input, step);
    expect(next[0]).toBeCloseTo(-0.25 + 0.2 * 0.5, 6);
    expect(next[1]).toBeCloseTo(-0.25 + 2 * 0.5, 6);
    expect(next[2]).toBeCloseTo(-0.25 - Math.sqrt(0.4) * 0.5, 6);
  });

  it("does not clamp the variance fraction", () => {
    const next = denoiseStep({ ...input, variance: values(3, 3, 3) }, step);
    // f = 2: log-variance = 2 log 4 - log .04, a deviation of 4^2 / (2 * .2) / 2 = 20.
    expect(next[0]).toBeCloseTo(-0.25 + 20 * 0.5, 4);
  });

  it("leaves guidance out without unconditional noise", () => {
    const next = denoiseStep({ ...input, noiseUnconditional: undefined, draw: values(0, 0, 0) }, step);
    expect(next[0]).toBeCloseTo(0.5 * (2 - 1.5) + 0.25, 6);
  });

  it("ignores the draw where the step adds no noise, even an overflowing one", () => {
    const last = denoiseStep({ ...input, variance: values(1e9, 0, 0) }, { ...step, noiseScale: 0 });
    expect(Array.from(last)).toEqual([-0.25, -0.25, -0.25]);
  });

  it("refuses arrays that do not fit", () => {
    expect(() => denoiseStep({ ...input, draw: values(1) }, step)).toThrow(/3 values.*array of 1/);
  });
});
