/** Looks given to a whole picture. */
import { luminance } from "./colors.ts";

export const FILTERS = ["black and white", "sepia", "pixel art", "pencil sketch", "posterized", "inverted"] as const;
export type Filter = (typeof FILTERS)[number];

/** Filters after which no colour can be told, or all are different. */
export function changesColors(filter: Filter): boolean {
  return filter !== "pixel art" && filter !== "posterized";
}

/**
 * Applies a filter.
 *
 * @param pixels RGB, [size, size, 3]; left as it is
 */
export function applyFilter(pixels: Uint8Array, size: number, filter: Filter): Uint8Array {
  switch (filter) {
    case "black and white":
      return fromLuminance(pixels, (light) => [light, light, light]);
    case "sepia":
      return fromLuminance(pixels, (light) => [light * 1.08 + 20, light * 0.9 + 12, light * 0.68]);
    case "inverted":
      return pixels.map((value) => 255 - value);
    case "posterized":
      return pixels.map((value) => Math.round(value / 85) * 85);
    case "pixel art":
      return pixelate(pixels, size);
    case "pencil sketch":
      return sketch(pixels, size);
  }
}

function fromLuminance(pixels: Uint8Array, tone: (light: number) => readonly number[]): Uint8Array {
  const filtered = new Uint8ClampedArray(pixels.length);
  for (let at = 0; at < pixels.length; at += 3) {
    filtered.set(tone(luminance(pixels[at], pixels[at + 1], pixels[at + 2])), at);
  }
  return new Uint8Array(filtered.buffer);
}

/** Blocks of a quarter of the resolution (at least 16 a side), in eight steps a channel. */
function pixelate(pixels: Uint8Array, size: number): Uint8Array {
  const blocks = Math.min(size, Math.max(16, Math.floor(size / 4)));
  const start = (block: number) => Math.floor((block * size) / blocks);
  const filtered = new Uint8Array(pixels.length);
  for (let row = 0; row < blocks; row++) {
    for (let column = 0; column < blocks; column++) {
      for (let channel = 0; channel < 3; channel++) {
        let [sum, count] = [0, 0];
        eachPixel((at) => {
          sum += pixels[at + channel];
          count++;
        });
        const value = Math.min(255, Math.round(sum / count / 32) * 32);
        eachPixel((at) => {
          filtered[at + channel] = value;
        });
      }
      function eachPixel(visit: (at: number) => void) {
        for (let y = start(row); y < start(row + 1); y++) {
          for (let x = start(column); x < start(column + 1); x++) visit((y * size + x) * 3);
        }
      }
    }
  }
  return filtered;
}

/** Dark lines where the luminance changes, on white paper. */
function sketch(pixels: Uint8Array, size: number): Uint8Array {
  const light = (x: number, y: number) => {
    const at = (Math.min(size - 1, Math.max(0, y)) * size + Math.min(size - 1, Math.max(0, x))) * 3;
    return luminance(pixels[at], pixels[at + 1], pixels[at + 2]);
  };
  const filtered = new Uint8Array(pixels.length);
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      const slope = Math.hypot(light(x + 1, y) - light(x - 1, y), light(x, y + 1) - light(x, y - 1));
      filtered.fill(255 - Math.min(225, slope * 1.6), (y * size + x) * 3, (y * size + x + 1) * 3);
    }
  }
  return filtered;
}
