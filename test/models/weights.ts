import type { Scope } from "../../src/nn/scope.ts";
import { Random } from "../../src/random.ts";
import { type HostArray, hostArray } from "../../src/tensor/dtype.ts";
import { isParameter } from "../../src/tensor/index.ts";

/** Seeded values for every weight of a scope, started as the model asks, to be given as inputs of a program. */
export function startWeights(scope: Scope, seed: number): Record<string, HostArray> {
  const random = new Random(seed);
  const weights: Record<string, HostArray> = {};
  for (const [name, tensor] of scope.parameters) {
    if (!isParameter(tensor)) throw new Error(`${name} is no parameter.`);
    const shape = tensor.shape as readonly number[];
    const { initial } = tensor.attributes;
    const values = Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => {
      if (initial.kind === "uniform") return random.uniform(-initial.limit, initial.limit);
      if (initial.kind === "normal") return initial.deviation * random.normal();
      if (initial.kind === "values") return initial.values[i];
      return initial.kind === "ones" ? 1 : 0;
    });
    weights[name] = hostArray("float32", shape, values);
  }
  return weights;
}

/** Unit normal values of a shape. */
export const normals = (shape: readonly number[], seed: number): HostArray =>
  hostArray("float32", shape, new Random(seed).normals(shape.reduce((a, b) => a * b, 1)));
