import { mix, type Rgb } from "./colors.ts";
import type { Sprite } from "./sprites.ts";

/**
 * A square picture being painted, with antialiasing at every edge. All coordinates and lengths are relative to the side: (0, 0) is the
 * top left corner, (1, 1) the bottom right. Painting in plain arrays is several times faster here than through a canvas, whose
 * cost for small pictures lies in crossing into native code.
 */
export class Pixmap {
  /** Side in pixels. */
  readonly size: number;
  /** [size, size, 3], each 0 to 255, row by row. */
  readonly #values: Float32Array;

  constructor(size: number) {
    this.size = size;
    this.#values = new Float32Array(size * size * 3);
  }

  /** The picture as bytes: RGB, [size, size, 3]. */
  bytes(): Uint8Array {
    const bytes = new Uint8Array(this.#values.length);
    for (let at = 0; at < bytes.length; at++) bytes[at] = this.#values[at] + 0.5;
    return bytes;
  }

  #blend(at: number, color: Rgb, alpha: number): void {
    const values = this.#values;
    values[at] += (color[0] - values[at]) * alpha;
    values[at + 1] += (color[1] - values[at + 1]) * alpha;
    values[at + 2] += (color[2] - values[at + 2]) * alpha;
  }

  /** The band between two heights, from one colour at its top to another at its bottom. */
  fillBand(top: number, bottom: number, from: Rgb, to: Rgb = from): void {
    const { size } = this;
    const [start, end] = [top * size, bottom * size];
    for (let y = Math.max(0, Math.floor(start)); y < Math.min(size, Math.ceil(end)); y++) {
      const coverage = Math.min(y + 1, end) - Math.max(y, start);
      const share = Math.min(1, Math.max(0, (y + 0.5 - start) / (end - start)));
      const color = mix(from, to, share);
      for (let x = 0; x < size; x++) this.#blend((y * size + x) * 3, color, coverage);
    }
  }

  fillRectangle(left: number, top: number, width: number, height: number, color: Rgb, alpha = 1): void {
    const { size } = this;
    const [x0, y0, x1, y1] = [left * size, top * size, (left + width) * size, (top + height) * size];
    for (let y = Math.max(0, Math.floor(y0)); y < Math.min(size, Math.ceil(y1)); y++) {
      const coverageY = Math.min(y + 1, y1) - Math.max(y, y0);
      for (let x = Math.max(0, Math.floor(x0)); x < Math.min(size, Math.ceil(x1)); x++) {
        const coverageX = Math.min(x + 1, x1) - Math.max(x, x0);
        this.#blend((y * size + x) * 3, color, alpha * coverageX * coverageY);
      }
    }
  }

  fillDisc(centerX: number, centerY: number, radius: number, color: Rgb, alpha = 1): void {
    const { size } = this;
    const [x, y, r] = [centerX * size, centerY * size, radius * size];
    // A disc thinner than a pixel keeps its share of ink: it is drawn half a pixel wide, and fainter.
    const drawn = Math.max(r, 0.5);
    const ink = alpha * Math.min(1, (r / drawn) ** 2);
    for (let row = Math.max(0, Math.floor(y - drawn - 1)); row < Math.min(size, Math.ceil(y + drawn + 1)); row++) {
      for (let column = Math.max(0, Math.floor(x - drawn - 1)); column < Math.min(size, x + drawn + 1); column++) {
        const coverage = drawn + 0.5 - Math.hypot(column + 0.5 - x, row + 0.5 - y);
        if (coverage > 0) this.#blend((row * size + column) * 3, color, ink * Math.min(1, coverage));
      }
    }
  }

  /** A soft dark ellipse, as an object casts on the ground under it. */
  shade(centerX: number, centerY: number, radiusX: number, radiusY: number): void {
    const { size } = this;
    const top = Math.max(0, Math.floor((centerY - radiusY) * size));
    const bottom = Math.min(size, Math.ceil((centerY + radiusY) * size));
    const left = Math.max(0, Math.floor((centerX - radiusX) * size));
    const right = Math.min(size, Math.ceil((centerX + radiusX) * size));
    for (let y = top; y < bottom; y++) {
      const dy = ((y + 0.5) / size - centerY) / radiusY;
      for (let x = left; x < right; x++) {
        const dx = ((x + 0.5) / size - centerX) / radiusX;
        const distance = Math.sqrt(dx * dx + dy * dy);
        if (distance >= 1) continue;
        const darkness = distance < 0.6 ? 0.42 - 0.28 * distance : 0.63 * (1 - distance);
        const at = (y * size + x) * 3;
        for (let channel = 0; channel < 3; channel++) this.#values[at + channel] *= 1 - darkness;
      }
    }
  }

  /** A sprite stretched over a box, mirrored left to right if asked; sampled bilinearly. */
  drawSprite(sprite: Sprite, left: number, top: number, width: number, height: number, mirrored: boolean): void {
    const { size } = this;
    const values = this.#values;
    const stride = (sprite.width + 2) * 4;
    const columns = sampleAxis(left * size, width * size, sprite.width, size, mirrored);
    const rows = sampleAxis(top * size, height * size, sprite.height, size, false);
    for (let row = 0; row < rows.cells.length; row++) {
      const fy = rows.fractions[row];
      for (let column = 0; column < columns.cells.length; column++) {
        const fx = columns.fractions[column];
        const from = rows.cells[row] * stride + columns.cells[column] * 4;
        const weights = [(1 - fx) * (1 - fy), fx * (1 - fy), (1 - fx) * fy, fx * fy];
        const through = 1 - sample(sprite.pixels, from + 3, stride, weights) / 255;
        if (through === 1) continue;
        const to = ((rows.start + row) * size + columns.start + column) * 3;
        for (let channel = 0; channel < 3; channel++) {
          values[to + channel] =
            values[to + channel] * through + sample(sprite.pixels, from + channel, stride, weights);
        }
      }
    }
  }
}

/** The weighted mean of a sprite cell, its right neighbour, and the two below them, in one channel. */
function sample(pixels: Uint8ClampedArray, at: number, stride: number, weights: readonly number[]): number {
  return (
    pixels[at] * weights[0] +
    pixels[at + 4] * weights[1] +
    pixels[at + stride] * weights[2] +
    pixels[at + stride + 4] * weights[3]
  );
}

/**
 * Where the pixels of one axis fall in a sprite: for each pixel from `start` on, the first of the two (bordered) sprite cells it lies
 * between, and how far it lies from the first to the second.
 */
function sampleAxis(from: number, length: number, cells: number, size: number, mirrored: boolean) {
  const start = Math.max(0, Math.floor(from - 1));
  const end = Math.min(size, Math.ceil(from + length + 1));
  const axis = { start, cells: [] as number[], fractions: [] as number[] };
  let first = -1;
  for (let pixel = start; pixel < end; pixel++) {
    const along = (pixel + 0.5 - from) / length;
    // Cell centres lie at 0.5, 1.5, ... of the sprite, and the border shifts them by one.
    const position = (mirrored ? 1 - along : along) * cells + 0.5;
    if (position < 0 || position >= cells + 1) continue;
    if (first < 0) first = pixel;
    axis.cells.push(Math.floor(position));
    axis.fractions.push(position - Math.floor(position));
  }
  axis.start = Math.max(first, 0);
  return axis;
}
