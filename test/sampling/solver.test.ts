import { describe, expect, it } from "vitest";
import { Random } from "../../src/random.ts";
import { ddimSteps } from "../../src/sampling/ddim.ts";
import { denoiseStep, stepCoefficients } from "../../src/sampling/denoise.ts";
import { dpmSolverSteps } from "../../src/sampling/dpm-solver.ts";
import { noiseSchedule } from "../../src/sampling/noise-schedule.ts";
import { type DeterministicSampler, samplerRespacing, solverSteps } from "../../src/sampling/samplers.ts";
import { levelAt, type Prediction, type SolverInput, solverStep } from "../../src/sampling/solver.ts";
import { exactSolution, type Gaussian, perfect } from "./gaussian.ts";

const values = (...list: number[]) => Float32Array.from(list);
const PREDICTIONS: Prediction[] = ["epsilon", "velocity"];
const SAMPLERS: DeterministicSampler[] = ["ddim", "dpm++"];
/** The capped schedule of UniPic, at whose start the signal is 0.005. */
const scheduleOf = (steps: number) =>
  noiseSchedule({ respacing: samplerRespacing("dpm++", String(steps)), maxBeta: 0.2 });

/** A sampling run from x with a network that is perfect for some data, in doubles: the graph and `solverStep` do the same in singles. */
function solve(
  sampler: DeterministicSampler,
  steps: number,
  data: Gaussian,
  x: number,
  prediction: Prediction,
): number {
  const schedule = scheduleOf(steps);
  let before = 0;
  solverSteps(sampler, schedule, prediction).forEach((step, number) => {
    const predicted = perfect(data, schedule, steps - 1 - number, x, prediction);
    const clean = step.cleanFromX * x + step.cleanFromPrediction * predicted;
    x = step.keep * x + step.clean * clean + step.previous * before;
    before = clean;
  });
  return x;
}

describe.each(PREDICTIONS)("DDIM with a head that predicts %s", (prediction) => {
  it("puts clean sample and noise together at the next level, as in the paper", () => {
    const schedule = scheduleOf(12);
    const steps = ddimSteps(schedule, prediction);
    expect(steps.map(({ mappedTimestep }) => mappedTimestep)).toEqual(Array.from(schedule.timestepMap).reverse());
    for (const [number, step] of steps.entries()) {
      const i = schedule.steps - 1 - number;
      const alpha = schedule.alphasCumprod[i];
      const next = schedule.alphasCumprodPrev[i];
      const [x, predicted] = [0.7, -1.3];
      const velocity = prediction === "velocity";
      const noise = velocity ? Math.sqrt(1 - alpha) * x + Math.sqrt(alpha) * predicted : predicted;
      const clean = (x - Math.sqrt(1 - alpha) * noise) / Math.sqrt(alpha);
      const result = solverStep({ x: values(x), conditional: values(predicted), guidance: 1 }, step);
      const expected = Math.sqrt(next) * clean + Math.sqrt(1 - next) * noise;
      expect(result.clean[0] / clean, `step ${i}`).toBeCloseTo(1, 5);
      expect(result.next[0] / expected, `step ${i}`).toBeCloseTo(1, 5);
    }
  });

  it("ends with the clean sample", () => {
    const step = ddimSteps(scheduleOf(12), prediction)[11];
    const { next, clean } = solverStep({ x: values(0.4), conditional: values(0.1), guidance: 1 }, step);
    expect(next).toEqual(clean);
  });
});

describe("DPM-Solver++(2M)", () => {
  const schedule = scheduleOf(9);
  const steps = dpmSolverSteps(schedule, "velocity");

  it("takes the paper's second-order steps", () => {
    const lambda = (i: number) => {
      const { signal, spread } = levelAt(schedule, i);
      return Math.log(signal) - Math.log(spread);
    };
    for (let number = 1; number < 8; number++) {
      const i = 8 - number;
      const [x, clean, previous] = [0.3, -0.8, 0.5];
      const h = lambda(i - 1) - lambda(i);
      const r = (lambda(i) - lambda(i + 1)) / h;
      const D = (1 + 1 / (2 * r)) * clean - previous / (2 * r);
      const next = levelAt(schedule, i - 1);
      const expected = (next.spread / levelAt(schedule, i).spread) * x - next.signal * Math.expm1(-h) * D;
      const { keep, clean: weight, previous: before } = steps[number];
      expect(keep * x + weight * clean + before * previous, `step ${i}`).toBeCloseTo(expected, 12);
    }
  });

  it("begins and ends with first-order steps, which are DDIM's", () => {
    const ddim = ddimSteps(schedule, "velocity");
    expect([steps[0], steps[8]]).toEqual([ddim[0], ddim[8]]);
    expect(steps[7].previous).not.toBe(0);
  });

  it.each([1, 2])("is DDIM with %i steps", (count) => {
    expect(dpmSolverSteps(scheduleOf(count), "epsilon")).toEqual(ddimSteps(scheduleOf(count), "epsilon"));
  });
});

describe.each(PREDICTIONS)("with a perfect %s network on Gaussian data", (prediction) => {
  const data: Gaussian = { mean: 0.8, deviation: 0.6 };
  const error = (sampler: DeterministicSampler, steps: number) => {
    const schedule = scheduleOf(steps);
    const starts = [-2, -0.5, 0.3, 1.7];
    return Math.max(
      ...starts.map((x) => Math.abs(solve(sampler, steps, data, x, prediction) - exactSolution(data, schedule, x))),
    );
  };

  it.each(SAMPLERS)("%s approaches the exact solution of the ODE", (sampler) => {
    const errors = [5, 10, 40, 160].map((steps) => error(sampler, steps));
    for (let i = 1; i < errors.length; i++) expect(errors[i]).toBeLessThan(0.6 * errors[i - 1]);
    expect(error(sampler, 1000)).toBeLessThan(2e-3);
  });

  it("DPM-Solver++ is of second order, DDIM of first", () => {
    const gain = (sampler: DeterministicSampler) => error(sampler, 40) / error(sampler, 160);
    expect(gain("ddim")).toBeGreaterThan(3.5);
    expect(gain("ddim")).toBeLessThan(4.5);
    expect(gain("dpm++")).toBeGreaterThan(10);
    expect(error("dpm++", 10)).toBeLessThan(error("ddim", 40));
  });

  it.each(SAMPLERS)("%s gives deviations in proportion to the temperature of its start", (sampler) => {
    const spread = (temperature: number) =>
      solve(sampler, 200, data, temperature, prediction) - solve(sampler, 200, data, 0, prediction);
    expect(spread(1)).toBeCloseTo(data.deviation, 2);
    expect(spread(0.5) / spread(1)).toBeCloseTo(0.5, 6);
  });
});

it("temperature means the same for the ancestral sampler: its samples' deviation is in proportion to it", () => {
  const data: Gaussian = { mean: 0.8, deviation: 0.6 };
  const schedule = scheduleOf(200);
  const random = new Random(3);
  const count = 2000;
  let x = Float32Array.from({ length: count }, () => random.normal());
  for (let i = schedule.steps - 1; i >= 0; i--) {
    const noiseConditional = x.map((value) => perfect(data, schedule, i, value, "epsilon"));
    // v = -1: the posterior's variance, which is nearly the step's where steps are many.
    const variance = x.map(() => -1);
    const draw = x.map(() => random.normal());
    const step = stepCoefficients(schedule, i);
    x = Float32Array.from(denoiseStep({ x, noiseConditional, variance, draw, guidance: 1, temperature: 0.5 }, step));
  }
  const mean = x.reduce((a, b) => a + b, 0) / count;
  const deviation = Math.sqrt(x.reduce((a, b) => a + (b - mean) ** 2, 0) / count);
  expect(mean).toBeCloseTo(data.mean, 1);
  // Three standard errors of a deviation from 2,000 draws are 5 %.
  expect(Math.abs(deviation / (0.5 * data.deviation) - 1)).toBeLessThan(0.08);
});

describe("guidance in a deterministic step", () => {
  const step = dpmSolverSteps(scheduleOf(9), "velocity")[4];
  const input: SolverInput = {
    x: values(0.2, -0.4),
    conditional: values(1, -2),
    unconditional: values(0.5, 1),
    previous: values(0.1, 0.9),
    guidance: 3,
  };

  it("of 1 is the condition alone", () => {
    const { next } = solverStep({ ...input, guidance: 1 }, step);
    const alone = solverStep({ ...input, unconditional: undefined, guidance: 7 }, step).next;
    next.forEach((value, i) => {
      expect(value).toBeCloseTo(alone[i], 6);
    });
  });

  it("moves the prediction away from the unconditional one", () => {
    // u + 3 (c - u) = (2, -8).
    const { next, clean } = solverStep(input, step);
    const told = solverStep({ ...input, unconditional: undefined, conditional: values(2, -8) }, step);
    expect(next).toEqual(told.next);
    expect(clean).toEqual(told.clean);
  });

  it("refuses arrays that do not fit", () => {
    expect(() => solverStep({ ...input, previous: values(1) }, step)).toThrow(/2 values.*array of 1/);
  });
});
