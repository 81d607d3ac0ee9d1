import { fromModelRange, type Picture, toModelRange } from "../image/picture.ts";
import { type HostArray, hostArray } from "../tensor/dtype.ts";

/** A picture as programs take it: [1, 3, height, width] in [-1, 1]. */
export const asPixels = (picture: Picture): HostArray =>
  hostArray("float32", [1, 3, picture.height, picture.width], toModelRange(picture));

/** The reverse of {@link asPixels}. */
export const asPicture = ({ data, shape }: HostArray): Picture =>
  fromModelRange(data as Float32Array, shape[2], shape[3]);
