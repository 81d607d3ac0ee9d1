import { blend, rise } from "../image/blend.ts";
import type { Picture } from "../image/picture.ts";

/** A channel that differs from the background by no more than this, of 255, is background; by more than the second, something that stands in front of it. */
const GROUND = 16;
const THING = 48;
/** Where more of the background than this differs from the source's it is another one. */
const NEW_SHARE = 0.5;

/**
 * A result whose background is another one than the source's, with what stands in the source as it stands there; a result with the old background as it is.
 * What is drawn anew behind things blurs them.
 *
 * @param cleared the source without anything in it
 */
export function keepThings(source: Picture, cleared: Picture, result: Picture): Picture {
  const pixels = source.width * source.height;
  const shares = new Float32Array(pixels);
  let [ground, changed] = [0, 0];
  for (let pixel = 0; pixel < pixels; pixel++) {
    const stands = difference(source, cleared, pixel);
    shares[pixel] = rise(stands, GROUND, THING);
    if (shares[pixel] > 0) continue;
    ground++;
    if (difference(source, result, pixel) > GROUND) changed++;
  }
  return changed > NEW_SHARE * ground ? blend(result, source, shares) : result;
}

/** By how much the channel differs that differs most. */
const difference = (one: Picture, other: Picture, pixel: number): number =>
  Math.max(...[0, 1, 2].map((channel) => Math.abs(one.data[pixel * 3 + channel] - other.data[pixel * 3 + channel])));
