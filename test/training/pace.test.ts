import { expect, test } from "vitest";
import { Pace } from "../../src/training/pace.ts";

test("the first step, which also compiles, does not count once there is another", () => {
  const pace = new Pace();
  pace.add(96, 8);
  expect(pace.samplesPerSecond).toBe(12);
  expect(pace.secondsPerStep).toBeUndefined();
  pace.add(96, 2);
  expect(pace.samplesPerSecond).toBe(48);
  expect(pace.secondsPerStep).toBe(2);
  pace.add(96, 4);
  expect(pace.samplesPerSecond).toBe(32);
  expect(pace.secondsPerStep).toBe(3);
});
