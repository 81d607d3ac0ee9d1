import { dimension } from "./dimension.ts";
import { type DType, type HostData, hostData } from "./dtype.ts";
import type { Emitter } from "./emitter.ts";
import { type Shape, showShape, staticShape } from "./shape.ts";

/**
 * One operation of the language, all in one place: its shape rule, its gradient, its form in the target format.
 * `Attributes` must be plain data: they are part of what makes two applications the same.
 */
export interface Operation<Attributes = unknown> {
  readonly name: string;
  infer(inputs: readonly Tensor[], attributes: Attributes): { shape: Shape; dtype: DType };
  /** The operation written with simpler ones, for those that are compositions (attention, layer norm, ...). */
  expand?(inputs: readonly Tensor[], attributes: Attributes): Tensor;
  /** Gradient for every input, given the result and the gradient of it; undefined where nothing flows. Default: that of `expand`. */
  gradient?(node: Tensor<Attributes>, upstream: Tensor): (Tensor | undefined)[];
  /** Writes the operation; returns the name of its result. Default, also where it returns undefined: that of `expand`. */
  lower?(node: Tensor<Attributes>, inputs: readonly string[], emit: Emitter): string | undefined;
}

let nextId = 0;

/** A value in a traced program: the operation that makes it, of which inputs, and what is known of it before it runs. */
export class Tensor<Attributes = unknown> {
  readonly id = nextId++;
  constructor(
    readonly operation: Operation<Attributes>,
    readonly inputs: readonly Tensor[],
    readonly attributes: Attributes,
    readonly shape: Shape,
    readonly dtype: DType,
  ) {}

  get rank(): number {
    return this.shape.length;
  }

  toString(): string {
    return `${this.operation.name}: ${this.dtype}${showShape(this.shape)}`;
  }
}

/** Applies an operation: checks the inputs by its shape rule and records the result. */
export function apply<Attributes>(
  operation: Operation<Attributes>,
  inputs: readonly Tensor[],
  attributes: Attributes,
): Tensor<Attributes> {
  try {
    const { shape, dtype } = operation.infer(inputs, attributes);
    return new Tensor(operation, inputs, attributes, shape, dtype);
  } catch (error) {
    const shapes = inputs.map((input) => input.dtype + showShape(input.shape)).join(", ");
    throw new Error(`${operation.name}(${shapes}): ${(error as Error).message}`, { cause: error });
  }
}

interface LeafAttributes {
  name: string;
  shape: Shape;
  dtype: DType;
}

const leaf = <Extra>(name: string): Operation<LeafAttributes & Extra> => ({
  name,
  infer: (_, { shape, dtype }) => ({ shape: shape.map(dimension), dtype }),
  gradient: () => [],
});

const inputOperation = leaf<unknown>("input");
const parameterOperation = leaf<{ initial: Initializer }>("parameter");

/** How a parameter starts before training. */
export type Initializer =
  | { kind: "zeros" }
  | { kind: "ones" }
  | { kind: "normal"; deviation: number }
  | { kind: "uniform"; limit: number }
  | { kind: "values"; values: Float32Array };

/** A value given at every run. */
export const input = (name: string, dtype: DType, shape: Shape): Tensor =>
  apply(inputOperation, [], { name, dtype, shape });

/** A weight, known by its name in the checkpoint. */
export const parameter = (name: string, shape: Shape, initial: Initializer, dtype: DType = "float32"): Tensor =>
  apply(parameterOperation, [], { name, dtype, shape: staticShape(shape, `Parameter ${name}`), initial });

type ParameterTensor = Tensor<LeafAttributes & { initial: Initializer }>;

export const isInput = (tensor: Tensor): tensor is Tensor<LeafAttributes> => tensor.operation === inputOperation;
export const isParameter = (tensor: Tensor): tensor is ParameterTensor => tensor.operation === parameterOperation;

interface ConstantAttributes {
  data: HostData;
  shape: readonly number[];
  dtype: DType;
}

const constantOperation: Operation<ConstantAttributes> = {
  name: "constant",
  infer: (_, { shape, dtype }) => ({ shape, dtype }),
  gradient: () => [],
  lower: (node, _, emit) => emit.constant(node.attributes.data, node.attributes.shape, node.dtype),
};

/** A value fixed when the program is written. */
export function constant(dtype: DType, shape: readonly number[], values: ArrayLike<number> | HostData): Tensor {
  return apply(constantOperation, [], { data: hostData(dtype, values), shape, dtype });
}

/** A single number, of the type of `like`. */
export const scalar = (value: number, like: Tensor | DType): Tensor =>
  constant(typeof like === "string" ? like : like.dtype, [], [value]);

/** Everything `outputs` are made of, each after all its inputs; what lies behind the tensors of `boundary` is left out. */
export function inOrder(outputs: readonly Tensor[], boundary?: { has(tensor: Tensor): boolean }): Tensor[] {
  const ordered: Tensor[] = [];
  const state = new Map<Tensor, "open" | "done">();
  const stack = [...outputs].reverse();
  while (stack.length > 0) {
    const tensor = stack[stack.length - 1];
    const seen = state.get(tensor);
    if (seen === undefined) {
      state.set(tensor, "open");
      if (boundary?.has(tensor)) continue;
      for (const source of tensor.inputs) if (!state.has(source)) stack.push(source);
    } else {
      stack.pop();
      if (seen === "open") {
        state.set(tensor, "done");
        ordered.push(tensor);
      }
    }
  }
  return ordered;
}
