import type { Dimension } from "./dimension.ts";
import type { DType, HostData } from "./dtype.ts";
import type { Shape } from "./shape.ts";

export type AttributeValue = number | string | { float: number } | readonly number[];

/**
 * A weight [out, in] that is kept in whole numbers, as two values of the program.
 * `int8`: `numbers` int8 [in, out] and `scales` float32 [out]; a weight is number x scale of its output.
 * `int4`: `numbers` uint8 [out, in / 32, 16], two a byte and the earlier one in the lower half, and `scales` float32 [out x in / 32]; a
 * weight is (number - 8) x scale of its block of 32.
 */
export interface QuantizedWeight {
  format: "int8" | "int4";
  shape: readonly [out: number, inner: number];
  numbers: string;
  scales: string;
}

/** What an operation may ask of the lowering when it writes itself down. Values are known by name. */
export interface Emitter {
  /** Adds a node and returns the name of its first result. Whole numbers become integer attributes; use `{ float }` for the others. */
  node(
    type: string,
    inputs: readonly string[],
    attributes?: Readonly<Record<string, AttributeValue>>,
    domain?: "com.microsoft",
  ): string;
  /** A node of several results, all of them. */
  nodes(
    type: string,
    inputs: readonly string[],
    results: number,
    attributes?: Readonly<Record<string, AttributeValue>>,
    domain?: "com.microsoft",
  ): string[];
  /**
   * Runs `body` once for every place along the inputs' first axis, which they share, on their slices there (without that axis). Its result
   * at every place, stacked along a new first axis. The body may use any value from outside.
   */
  scan(
    inputs: readonly { value: string; dtype: DType }[],
    result: DType,
    body: (slices: readonly string[]) => string,
  ): string;
  /** Whether the device runs the body of a {@link scan} where its data lies. */
  readonly scansInPlace: boolean;
  /** The value in another element type. */
  cast(input: string, to: DType): string;
  constant(data: HostData, shape: readonly number[], dtype: DType): string;
  /** A whole-number vector (int64). */
  integers(values: readonly number[]): string;
  /** A whole-number vector whose elements may only be known at run time. */
  dimensions(shape: Shape): string;
  /** A scalar size (int64, rank 0). */
  dimension(size: Dimension): string;
  /**
   * The whole numbers behind a value, where it is a quantised weight and the device multiplies such fast. Whoever uses the value itself
   * gets it widened.
   */
  quantized(input: string): QuantizedWeight | undefined;
  /** A weight as it is stored, where that is in half precision and the device can read rows of it without widening all of it. */
  narrow(input: string): string | undefined;
}
