import { drawScene, type Scene } from "../data/index.ts";
import { type HostArray, hostArray } from "../tensor/dtype.ts";

/** Scenes as pixels in [-1, 1]: [count, 3, size, size]. */
export function drawPixels(scenes: readonly Scene[], size: number): HostArray {
  return pixelArray(
    scenes.map((scene) => drawScene(scene, size)),
    size,
  );
}

/** Pictures as RGB bytes [size, size, 3] in the same form. */
export function pixelArray(pictures: readonly Uint8Array[], size: number): HostArray {
  const area = size * size;
  const values = new Float32Array(pictures.length * 3 * area);
  pictures.forEach((bytes, picture) => {
    writePixels(bytes, values, picture * 3 * area, area);
  });
  return hostArray("float32", [pictures.length, 3, size, size], values);
}

/** RGB bytes, rows of pixels, into planes of numbers in [-1, 1]. */
function writePixels(bytes: Uint8Array, into: Float32Array, offset: number, area: number): void {
  for (let pixel = 0; pixel < area; pixel++) {
    for (let channel = 0; channel < 3; channel++) {
      into[offset + channel * area + pixel] = bytes[pixel * 3 + channel] / 127.5 - 1;
    }
  }
}
