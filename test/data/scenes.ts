/** Helpers that the tests of the picture world share. */
import { type PlanOptions, planScene } from "../../src/data/planning.ts";
import type { Scene } from "../../src/data/scene.ts";
import { Random } from "../../src/random.ts";

export function manyScenes(seed: number, count: number, options: PlanOptions = {}): Scene[] {
  const random = new Random(seed);
  return Array.from({ length: count }, () => planScene(random, options));
}
