import { UserError } from "../errors.ts";

const describeRespacing =
  'Write "" for every step, a count such as "100", counts for equal sections such as "10,15,25", "ddim25", or "trailing10"';

/**
 * Which of `steps` diffusion steps a shorter sampler keeps, ascending (improved DDPM, arXiv 2102.09672, section 4).
 *
 * - `""` keeps every step;
 * - `"100"` keeps 100 steps spread evenly from the first to the last;
 * - `"10,15,25"` cuts the steps into three equal sections and keeps that many in each;
 * - `"ddim25"` keeps every n-th step from step 0, with the smallest n that gives exactly 25;
 * - `"trailing10"` keeps the last of each of ten equal parts (arXiv 2305.08891): the noisiest step is among them, but not step 0, where a
 *   sampler that goes from its last step to the clean sample would have nothing left to do.
 *
 * @param steps length of the schedule the model was trained with
 * @returns Int32Array [kept steps]
 * @throws UserError when the text has none of these forms or asks for more steps than there are
 */
export function respacedSteps(steps: number, respacing: string): Int32Array {
  const text = respacing.trim();
  if (text === "") return Int32Array.from({ length: steps }, (_, step) => step);
  const strided = /^ddim(\d{1,6})$/.exec(text);
  if (strided) return evenStride(steps, Number(strided[1]));
  const trailing = /^trailing(\d{1,6})$/.exec(text);
  if (trailing) return trailingSteps(steps, Number(trailing[1]));
  if (!/^\d{1,6}(\s*,\s*\d{1,6})*$/.test(text)) {
    throw new UserError(`"${respacing}" is not a number of sampling steps. ${describeRespacing}.`);
  }
  return sections(steps, text.split(",").map(Number));
}

/** Every n-th step from 0, for the smallest n that keeps `count` steps. */
function evenStride(steps: number, count: number): Int32Array {
  for (let stride = 1; stride <= steps; stride++) {
    if (Math.ceil(steps / stride) === count) return Int32Array.from({ length: count }, (_, i) => i * stride);
  }
  throw new UserError(
    `No even stride through ${steps} diffusion steps keeps exactly ${count} of them. ${describeRespacing}.`,
  );
}

/** The last step of each of `count` equal parts. */
function trailingSteps(steps: number, count: number): Int32Array {
  if (count < 1 || count > steps) {
    throw new UserError(`Cannot keep ${count} of ${steps} diffusion steps: ask for 1 to ${steps}.`);
  }
  return Int32Array.from({ length: count }, (_, i) => Math.round((steps * (i + 1)) / count) - 1);
}

/** Equal sections, the first ones a step longer when they do not divide evenly; each is thinned to its own count. */
function sections(steps: number, counts: number[]): Int32Array {
  const shortest = Math.floor(steps / counts.length);
  const longer = steps % counts.length;
  const kept: number[] = [];
  let start = 0;
  counts.forEach((count, section) => {
    const size = shortest + (section < longer ? 1 : 0);
    if (count < 1 || count > size) {
      throw new UserError(`Cannot keep ${count} of a section of ${size} diffusion steps: ask for 1 to ${size}.`);
    }
    const stride = count === 1 ? 1 : (size - 1) / (count - 1);
    // The position is accumulated, not multiplied out: the official checkpoints were sampled on these exact steps.
    let position = 0;
    for (let i = 0; i < count; i++) {
      kept.push(start + roundHalfToEven(position));
      position += stride;
    }
    start += size;
  });
  return Int32Array.from(kept);
}

function roundHalfToEven(value: number): number {
  const below = Math.floor(value);
  if (value - below === 0.5) return below % 2 === 0 ? below : below + 1;
  return Math.round(value);
}
