import type { Scope } from "../../src/nn/scope.ts";
import { Random } from "../../src/random.ts";
import { type HostArray, hostArray } from "../../src/tensor/dtype.ts";
import { initialize } from "../../src/training/parameters.ts";

/** Seeded values for every weight of a scope, started as the model asks, to be given as inputs of a program. */
export const startWeights = (scope: Scope, seed: number): Record<string, HostArray> =>
  Object.fromEntries(initialize(scope.parameters, new Random(seed)));

/** Unit normal values of a shape. */
export function normals(shape: readonly (number | string)[], seed: number): HostArray {
  const sizes = shape.map(Number);
  return hostArray("float32", sizes, new Random(seed).normals(sizes.reduce((a, b) => a * b, 1)));
}
