import { expect, it } from "vitest";
import { partOf } from "../../src/pipeline/draw-progress.ts";
import type { DrawProgress } from "../../src/pipeline/options.ts";

/** What is told of a part that goes from one share to another. */
function told(
  from: number,
  to: number,
  done: number,
  secondsLeft?: number,
): Pick<DrawProgress, "done" | "secondsLeft"> {
  const seen: DrawProgress[] = [];
  const { onProgress } = partOf({ onProgress: (progress: DrawProgress) => void seen.push(progress) }, from, to);
  onProgress({ pictures: 1, round: 1, rounds: 4, done, secondsLeft });
  expect(seen[0]).toMatchObject({ pictures: 1, round: 1, rounds: 4 });
  return { done: seen[0].done, secondsLeft: seen[0].secondsLeft };
}

it("tells what a part has done as its share of all, and the time of what comes after it, too", () => {
  // Half of a quarter takes three seconds more, so a quarter takes six, and three quarters are to come after it.
  expect(told(0, 0.25, 0.5, 3)).toEqual({ done: 0.125, secondsLeft: 3 + 18 });
  expect(told(0.25, 1, 0.5, 3)).toEqual({ done: 0.625, secondsLeft: 3 });
  expect(told(0, 1, 0.5, 3)).toEqual({ done: 0.5, secondsLeft: 3 });
});

it("tells no time that it does not know", () => {
  expect(told(0, 0.25, 0.5)).toEqual({ done: 0.125, secondsLeft: undefined });
  expect(told(0, 0.25, 1, 0)).toEqual({ done: 0.25, secondsLeft: undefined });
  expect(told(0.25, 1, 1, 0)).toEqual({ done: 1, secondsLeft: 0 });
});

it("leaves options alone that ask for no progress", () => {
  expect(partOf({ seed: 3 } as { seed: number; onProgress?: undefined }, 0, 0.5)).toEqual({ seed: 3 });
});
