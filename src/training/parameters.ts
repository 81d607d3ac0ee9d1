import type { Random } from "../random.ts";
import { allocate, type HostArray, hostArray } from "../tensor/dtype.ts";
import { type Initializer, isParameter, type Tensor } from "../tensor/tensor.ts";

/** Values by name: parameters, or one of the optimizer's moments. */
export type Values = Map<string, HostArray>;

/** The starting values of every parameter of a traced program, drawn in the order of their names. */
export function initialize(parameters: ReadonlyMap<string, Tensor>, random: Random): Values {
  const names = [...parameters.keys()].sort();
  return new Map(
    names.map((name) => {
      const tensor = parameters.get(name)!;
      if (!isParameter(tensor)) throw new Error(`${name} is not a parameter.`);
      const shape = tensor.shape as readonly number[];
      return [name, hostArray("float32", shape, start(tensor.attributes.initial, count(shape), random))];
    }),
  );
}

const count = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

function start(initial: Initializer, size: number, random: Random): Float32Array {
  switch (initial.kind) {
    case "zeros":
      return new Float32Array(size);
    case "ones":
      return new Float32Array(size).fill(1);
    case "normal":
      return random.normals(size).map((value) => value * initial.deviation);
    case "uniform":
      return new Float32Array(size).map(() => random.uniform(-initial.limit, initial.limit));
    case "values":
      return initial.values.slice();
  }
}

/** Zeros in the shapes of other values. */
export function zerosLike(values: Values): Values {
  return new Map(
    [...values].map(([name, { shape }]) => [
      name,
      { dtype: "float32", shape, data: allocate("float32", count(shape)) },
    ]),
  );
}

/** A copy in memory of its own. */
export function copyOf(values: Values): Values {
  return new Map([...values].map(([name, array]) => [name, { ...array, data: array.data.slice() }]));
}
