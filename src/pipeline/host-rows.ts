import { type HostArray, hostArray } from "../tensor/dtype.ts";

/** Rows [first, end) of an array in host memory, in the same memory. */
export function hostRows({ dtype, shape, data }: HostArray, first: number, end: number): HostArray {
  const size = shape.slice(1).reduce((a, b) => a * b, 1);
  return hostArray(dtype, [end - first, ...shape.slice(1)], data.subarray(first * size, end * size));
}

/** Float arrays one after the other along their first axis. */
export function joinRows(parts: readonly HostArray[]): HostArray {
  const [{ shape }] = parts;
  const joined = new Float32Array(parts.reduce((total, { data }) => total + data.length, 0));
  let offset = 0;
  for (const { data } of parts) {
    joined.set(data as Float32Array, offset);
    offset += data.length;
  }
  return hostArray("float32", [parts.reduce((total, part) => total + part.shape[0], 0), ...shape.slice(1)], joined);
}
