import { type Picture, picture } from "../../src/image/index.ts";
import { Random } from "../../src/random.ts";

/** A picture of nothing but noise. */
export function noisePicture(seed: number, width = 16, height = 16): Picture {
  const random = new Random(seed);
  return picture(
    width,
    height,
    Uint8Array.from({ length: width * height * 3 }, () => random.integer(256)),
  );
}
