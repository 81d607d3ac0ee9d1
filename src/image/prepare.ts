import { type Picture, picture } from "./picture.ts";
import { resize } from "./resize.ts";

/** The picture in the middle of a square of `grey`, at offset floor((max - min) / 2). */
export function padToSquare(source: Picture, grey = 127): Picture {
  const { width, height, data } = source;
  const side = Math.max(width, height);
  const left = Math.floor((side - width) / 2);
  const top = Math.floor((side - height) / 2);
  const padded = new Uint8Array(side * side * 3).fill(grey);
  for (let y = 0; y < height; y++) {
    padded.set(data.subarray(y * width * 3, (y + 1) * width * 3), ((y + top) * side + left) * 3);
  }
  return picture(side, side, padded);
}

/** The largest square from the picture's middle, at offset floor((max - min) / 2). */
export function cropCentreSquare(source: Picture): Picture {
  const { width, height, data } = source;
  const side = Math.min(width, height);
  const left = Math.floor((width - side) / 2);
  const top = Math.floor((height - side) / 2);
  const cropped = new Uint8Array(side * side * 3);
  for (let y = 0; y < side; y++) {
    const start = ((y + top) * width + left) * 3;
    cropped.set(data.subarray(start, start + side * 3), y * side * 3);
  }
  return picture(side, side, cropped);
}

/** A picture to be looked at: padded to a square with grey 127, then resized to [size, size]. Nothing is cut off. */
export function prepareForUnderstanding(source: Picture, size: number): Picture {
  return resize(padToSquare(source), size, size);
}

/** A picture to be edited: its centre square, resized to [size, size]. */
export function prepareForEditing(source: Picture, size: number): Picture {
  return resize(cropCentreSquare(source), size, size);
}

/**
 * A training picture taken whole without padding: stretched to a square of its longer side, then resized to [size, size].
 * Two resizes, each rounded to 8 bits, as the official data sets do with `crop_image = False`.
 */
export function prepareByStretching(source: Picture, size: number): Picture {
  const side = Math.max(source.width, source.height);
  return resize(resize(source, side, side), size, size);
}
