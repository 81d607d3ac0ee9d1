/** A decoded picture: 8-bit RGB, `data` [height, width, 3] row by row. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

/**
 * Wraps pixels as a picture after checking that they fit.
 *
 * @throws RangeError when the sides are not whole and positive or `data` is not height * width * 3 long
 */
export function picture(width: number, height: number, data: Uint8Array): Picture {
  if (!Number.isInteger(width) || !Number.isInteger(height) || width < 1 || height < 1) {
    throw new RangeError(`A picture needs whole, positive sides, not ${width}x${height}.`);
  }
  if (data.length !== width * height * 3) {
    throw new RangeError(`A ${width}x${height} RGB picture has ${width * height * 3} values, not ${data.length}.`);
  }
  return { width, height, data };
}

/** The picture as the model reads it: Float32Array [3, height, width], `2 u8/255 - 1`, in [-1, 1]. */
export function toModelRange({ width, height, data }: Picture): Float32Array {
  const area = width * height;
  const values = new Float32Array(3 * area);
  for (let pixel = 0; pixel < area; pixel++) {
    for (let channel = 0; channel < 3; channel++) {
      // Divided in float32 first, as the official code does, so that every level maps to the same bits.
      values[channel * area + pixel] = 2 * Math.fround(data[pixel * 3 + channel] / 255) - 1;
    }
  }
  return values;
}

/**
 * What the model drew, as a picture: `127.5 x + 128` clamped to [0, 255] and truncated; not-a-number becomes black.
 *
 * @param values Float32Array [3, height, width], nominally in [-1, 1]
 * @throws RangeError when `values` does not hold height * width * 3 numbers
 */
export function fromModelRange(values: Float32Array, height: number, width: number): Picture {
  const area = width * height;
  if (values.length !== 3 * area) {
    throw new RangeError(`A ${width}x${height} picture is drawn from ${3 * area} values, not ${values.length}.`);
  }
  const data = new Uint8Array(3 * area);
  for (let pixel = 0; pixel < area; pixel++) {
    for (let channel = 0; channel < 3; channel++) {
      const level = Math.fround(Math.fround(127.5 * values[channel * area + pixel]) + 128);
      data[pixel * 3 + channel] = Math.min(255, Math.max(0, level));
    }
  }
  return picture(width, height, data);
}
