/** Element types of the language. Numbers are computed in the type they have: there is no silent promotion. */
export type DType = "float32" | "float16" | "float64" | "int64" | "int32" | "uint8" | "bool";

/** Host memory of an array: float16 holds raw bits, bool holds 0 and 1. */
export type HostData = Float32Array | Float64Array | Uint16Array | BigInt64Array | Int32Array | Uint8Array;

const CONSTRUCTORS = {
  float32: Float32Array,
  float16: Uint16Array,
  float64: Float64Array,
  int64: BigInt64Array,
  int32: Int32Array,
  uint8: Uint8Array,
  bool: Uint8Array,
} as const;

export const isFloat = (dtype: DType): boolean => dtype.startsWith("float");

/** Zeroed host memory for `count` elements. */
export function allocate(dtype: DType, count: number): HostData {
  return new CONSTRUCTORS[dtype](count);
}

/** Numbers written into host memory of a type. float16 is not written from numbers: cast in the graph instead. */
export function hostData(dtype: DType, values: ArrayLike<number> | HostData): HostData {
  const Constructor = CONSTRUCTORS[dtype];
  if (values instanceof Constructor) return values;
  if (dtype === "float16") throw new Error("float16 data is given as raw bits in a Uint16Array.");
  if (dtype === "int64") {
    return BigInt64Array.from(values as ArrayLike<number>, (value: number) => BigInt(value));
  }
  return (Constructor as Float32ArrayConstructor).from(values as ArrayLike<number>, Number);
}

/** A value in host memory: what goes into a program and comes out of it. */
export interface HostArray {
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly data: HostData;
}

/** Makes a {@link HostArray}, checking that the data fills the shape. */
export function hostArray(dtype: DType, shape: readonly number[], values: ArrayLike<number> | HostData): HostArray {
  const count = shape.reduce((a, b) => a * b, 1);
  if (values.length !== count) {
    throw new Error(`A ${dtype} array of shape [${shape}] holds ${count} values, not ${values.length}.`);
  }
  return { dtype, shape, data: hostData(dtype, values) };
}
