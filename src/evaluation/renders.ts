/** Pictures of scenes: as they are, and as a model's autoencoder leaves them. */
import { drawScene, type Scene } from "../data/index.ts";
import { fromModelRange, type Picture, resize, toModelRange } from "../image/index.ts";
import { Random } from "../random.ts";
import { hostArray } from "../tensor/dtype.ts";
import type { Autoencoder } from "./autoencoder.ts";

const BATCH = 64;

/** Scenes as pictures of a side in pixels. */
export const drawPictures = (scenes: readonly Scene[], size: number): Picture[] =>
  scenes.map((scene) => ({ width: size, height: size, data: drawScene(scene, size) }));

/**
 * Pictures through an autoencoder, at its own size.
 *
 * @param deviation of the noise on the latents, whose own is near 1; none where nothing is said
 */
export async function throughAutoencoder(
  autoencoder: Autoencoder,
  pictures: readonly Picture[],
  deviation = 0,
  random = new Random(0),
): Promise<Picture[]> {
  const { size } = autoencoder;
  const numbers = 3 * size * size;
  const decoded: Picture[] = [];
  for (let start = 0; start < pictures.length; start += BATCH) {
    const part = pictures.slice(start, start + BATCH);
    const pixels = new Float32Array(part.length * numbers);
    part.forEach((each, i) => {
      pixels.set(
        toModelRange(each.width === size && each.height === size ? each : resize(each, size, size)),
        i * numbers,
      );
    });
    const given = hostArray("float32", [part.length, 3, size, size], pixels);
    const values = (
      await autoencoder.roundTrip(
        given,
        part.map(() => deviation),
        random,
      )
    ).data as Float32Array;
    part.forEach((_, i) => {
      decoded.push(fromModelRange(values.subarray(i * numbers, (i + 1) * numbers), size, size));
    });
  }
  return decoded;
}
