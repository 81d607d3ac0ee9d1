import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { UserError } from "../../src/errors.ts";
import { type NoiseSchedule, noiseSchedule } from "../../src/sampling/noise-schedule.ts";

/** Float64 arrays held by the official implementation, for max beta 0.2. */
const official = JSON.parse(readFileSync(new URL("./fixtures/schedule_f64.json", import.meta.url), "utf8")) as Record<
  string,
  { respacing: string; timestep_map: number[] } & Record<string, number[]>
>;

const camelCase = (name: string) => name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());

describe("noiseSchedule", () => {
  it.each(Object.keys(official))("equals the official arrays of %s", (name) => {
    const { respacing, timestep_map, ...arrays } = official[name];
    const schedule = noiseSchedule({ respacing });
    expect(Array.from(schedule.timestepMap)).toEqual(timestep_map);
    expect(Object.keys(arrays).length).toBeGreaterThanOrEqual(3);
    for (const [array, expected] of Object.entries(arrays)) {
      const values = schedule[camelCase(array) as keyof NoiseSchedule] as Float64Array;
      expect(values, array).toHaveLength(expected.length);
      const worst = Math.max(
        ...expected.map((value, i) => Math.abs(values[i] - value) / Math.max(Math.abs(value), 1e-300)),
      );
      expect(worst, array).toBeLessThan(1e-10);
    }
  });

  it("caps every beta, and only where the cosine exceeds the cap", () => {
    expect(Math.max(...noiseSchedule().betas)).toBeCloseTo(0.2, 12);
    expect(Math.max(...noiseSchedule({ maxBeta: 0.999 }).betas)).toBeCloseTo(0.999, 12);
    expect(noiseSchedule({ maxBeta: 0.999 }).betas[500]).toBeCloseTo(noiseSchedule().betas[500], 14);
  });

  it("passes through the trained noise levels at the kept steps", () => {
    const full = noiseSchedule();
    const short = noiseSchedule({ respacing: "7" });
    short.timestepMap.forEach((step, i) => {
      expect(short.alphasCumprod[i]).toBeCloseTo(full.alphasCumprod[step], 12);
    });
  });

  it("keeps a one-step chain finite", () => {
    const { posteriorLogVarianceClipped } = noiseSchedule({ respacing: "1" });
    expect(Number.isFinite(posteriorLogVarianceClipped[0])).toBe(true);
  });

  it("refuses impossible settings", () => {
    expect(() => noiseSchedule({ steps: 1 })).toThrow(UserError);
    expect(() => noiseSchedule({ steps: 1e9 })).toThrow(UserError);
    expect(() => noiseSchedule({ maxBeta: 1 })).toThrow(UserError);
    expect(() => noiseSchedule({ maxBeta: Number.NaN })).toThrow(UserError);
  });
});
