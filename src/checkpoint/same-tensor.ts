import type { StreamedTensor } from "./tensor-data.ts";

/** Whether two tensors have the same type, shape and bytes; both are read a piece at a time, and pieces must be cut alike. */
export async function isSameTensor(one: StreamedTensor, other: StreamedTensor): Promise<boolean> {
  if (one.dtype !== other.dtype || one.shape.join() !== other.shape.join()) return false;
  const others = (async function* () {
    yield* other.pieces();
  })();
  for await (const piece of one.pieces()) {
    const { value } = await others.next();
    if (!value || Buffer.compare(piece, value) !== 0) return false;
  }
  return true;
}
