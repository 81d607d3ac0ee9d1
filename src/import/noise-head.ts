import { type MarConfig, tokenWidth } from "../models/config.ts";
import type { Random } from "../random.ts";

/** Size of the constant that the first layer adds, beside which a token of unit size is small. */
const OFFSET = 4;
/** Deviation of what the head answers beside the noise, for each unit of its state. */
const OWN = 0.01;

const HEAD = "mar.diffloss.net";

/**
 * First and last layer of a diffusion head that predicts noise and sees it: its answer is about its input, which at strong noise is the
 * noise. A sampler then pulls tokens towards zero as fast as it adds noise, and they keep a size of about one. With any other random
 * head, the first step would multiply what is not seen of the noise by up to 1 / sqrt(abar), about 200, and nothing would take it back.
 *
 * The last norm would hide the size of a state; so the first layer adds a large constant, of both signs in turn, that the norm measures
 * instead. The last layer is the transpose of the first, which maps the state back to the token, less what the constant becomes there.
 *
 * @returns values by the checkpoint's names
 */
export function noiseHead(mar: MarConfig, random: Random): Map<string, Float32Array> {
  const token = tokenWidth(mar);
  const width = mar.diffloss_w;
  const inner = random.normals(width * token).map((value) => value / Math.sqrt(token)); // [width, token]
  const offset = Float32Array.from({ length: width }, (_, row) => (row % 2 === 0 ? OFFSET : -OFFSET));
  // A column of `inner` has the squared length width / token; the norm divides by about the offset's size and the token's.
  const back = (Math.sqrt(OFFSET ** 2 + 1) * token) / width;
  const outer = new Float32Array(2 * token * width); // [2 x token, width]: the noise first, then the variance
  const bias = new Float32Array(2 * token);
  for (let out = 0; out < token; out++) {
    for (let row = 0; row < width; row++) {
      const weight = back * inner[row * token + out];
      outer[out * width + row] = weight + OWN * random.normal();
      bias[out] -= (weight * offset[row]) / Math.sqrt(OFFSET ** 2 + 1);
    }
  }
  for (let i = token * width; i < outer.length; i++) outer[i] = OWN * random.normal();
  return new Map([
    [`${HEAD}.input_proj.weight`, inner],
    [`${HEAD}.input_proj.bias`, offset],
    [`${HEAD}.final_layer.linear.weight`, outer],
    [`${HEAD}.final_layer.linear.bias`, bias],
  ]);
}
