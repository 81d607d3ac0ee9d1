import type * as language from "../../src/tensor/index.ts";
import type { Tensor } from "../../src/tensor/index.ts";
import type { Plain } from "./plain.ts";

/** One use of an operation, with its result written in plain loops. */
export interface OperationCase {
  /** The exported function that is tested. */
  of: keyof typeof language;
  /** What is special about this use. */
  title?: string;
  /** Shapes of the floating point inputs. */
  shapes: readonly (readonly number[])[];
  build(inputs: Tensor[]): Tensor;
  reference(inputs: Plain[]): Plain;
  /** Inputs in [0.5, 2.5] instead of around 0. */
  positive?: boolean;
  /** No gradient is asked for: the result is a truth value or a whole number. */
  discrete?: boolean;
  /** What the gradient is multiplied by on its way, where that is not 1. */
  gradientScale?: number;
  /** ONNX Runtime has the kernels in float32 only. */
  single?: boolean;
}
