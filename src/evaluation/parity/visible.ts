import { type HostArray, hostArray } from "../../tensor/dtype.ts";

/** The visible places of each row of a mask [batch, places], 1 where hidden, in raster order. */
export function visiblePlaces({ data, shape }: HostArray): number[][] {
  const [batch, count] = shape;
  return Array.from({ length: batch }, (_, row) =>
    Array.from({ length: count }, (_, place) => place).filter((place) => Number(data[row * count + place]) === 0),
  );
}

/** The tokens [batch, places, token] at some places of each row, as many in every row: [batch, visible, token]. */
export function gatherVisible(tokens: HostArray, places: readonly (readonly number[])[]): HostArray {
  const [, count, width] = tokens.shape;
  const data = tokens.data as Float32Array;
  const values = places.flatMap((row, b) =>
    row.flatMap((place) => Array.from(data.subarray((b * count + place) * width, (b * count + place + 1) * width))),
  );
  return hostArray("float32", [places.length, places[0].length, width], values);
}
