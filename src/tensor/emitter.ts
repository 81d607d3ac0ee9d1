import type { Dimension } from "./dimension.ts";
import type { DType, HostData } from "./dtype.ts";
import type { Shape } from "./shape.ts";

export type AttributeValue = number | string | { float: number } | readonly number[];

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
}
