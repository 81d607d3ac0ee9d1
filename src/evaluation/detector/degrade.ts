/** Ways in which a drawn picture falls short of a rendered one. Pictures are planes of numbers in [-1, 1]: [3, size, size]. */
import type { Random } from "../../random.ts";

/** Degrades a picture in place, by each means or not, so that what reads it learns to look past them. */
export function degrade(random: Random, picture: Float32Array, size: number): void {
  if (random.chance(0.2)) coarsen(picture, size, random.uniform(0.35, 0.8));
  if (random.chance(0.3)) for (let pass = random.integer(2); pass >= 0; pass--) blur(picture, size);
  if (random.chance(0.35)) shiftColors(random, picture, size);
  if (random.chance(0.2)) erase(random, picture, size);
  if (random.chance(0.3)) addNoise(random, picture, random.uniform(0, 0.15));
}

/** The mean of every pixel and its neighbours, across and then down, with weights 1, 2, 1. */
export function blur(picture: Float32Array, size: number): void {
  const area = size * size;
  const before = new Float32Array(size);
  for (let plane = 0; plane < 3 * area; plane += area) {
    for (let row = 0; row < size; row++) smooth(plane + row * size, 1);
    for (let column = 0; column < size; column++) smooth(plane + column, size);
  }
  function smooth(start: number, step: number): void {
    for (let i = 0; i < size; i++) before[i] = picture[start + i * step];
    for (let i = 0; i < size; i++) {
      const sides = before[Math.max(i - 1, 0)] + before[Math.min(i + 1, size - 1)];
      picture[start + i * step] = (sides + 2 * before[i]) / 4;
    }
  }
}

/** Shrinks the picture to a share of its side and enlarges it again, bilinearly. */
export function coarsen(picture: Float32Array, size: number, share: number): void {
  const small = Math.max(2, Math.round(size * share));
  const reduced = new Float32Array(small * small);
  for (let channel = 0; channel < 3; channel++) {
    const plane = picture.subarray(channel * size * size, (channel + 1) * size * size);
    stretch(plane, size, reduced, small);
    stretch(reduced, small, plane, size);
  }
}

function stretch(from: Float32Array, side: number, into: Float32Array, target: number): void {
  const scale = side / target;
  for (let row = 0; row < target; row++) {
    const y = Math.min(Math.max((row + 0.5) * scale - 0.5, 0), side - 1);
    const top = Math.min(Math.floor(y), side - 2);
    for (let column = 0; column < target; column++) {
      const x = Math.min(Math.max((column + 0.5) * scale - 0.5, 0), side - 1);
      const left = Math.min(Math.floor(x), side - 2);
      const at = top * side + left;
      const upper = from[at] + (from[at + 1] - from[at]) * (x - left);
      const lower = from[at + side] + (from[at + side + 1] - from[at + side]) * (x - left);
      into[row * target + column] = upper + (lower - upper) * (y - top);
    }
  }
}

/** Each channel brighter or darker, and with more or less contrast: little, or a colour would become another. */
function shiftColors(random: Random, picture: Float32Array, size: number): void {
  const area = size * size;
  for (let channel = 0; channel < 3; channel++) {
    const gain = random.uniform(0.9, 1.1);
    const shift = random.uniform(-0.1, 0.1);
    for (let i = channel * area; i < (channel + 1) * area; i++) picture[i] = limit(picture[i] * gain + shift);
  }
}

/** Puts another part of the picture over a rectangle of it, small enough to leave of every object what it is told by. */
function erase(random: Random, picture: Float32Array, size: number): void {
  const [width, height] = [0, 0].map(() => 3 + random.integer(Math.floor(size / 8)));
  const [left, fromLeft] = [0, 0].map(() => random.integer(size - width));
  const [top, fromTop] = [0, 0].map(() => random.integer(size - height));
  const source = picture.slice();
  for (let channel = 0; channel < 3; channel++) {
    for (let row = 0; row < height; row++) {
      const from = channel * size * size + (fromTop + row) * size + fromLeft;
      picture.set(source.subarray(from, from + width), channel * size * size + (top + row) * size + left);
    }
  }
}

function addNoise(random: Random, picture: Float32Array, deviation: number): void {
  const width = deviation * Math.sqrt(3);
  for (let i = 0; i < picture.length; i++) picture[i] = limit(picture[i] + random.uniform(-width, width));
}

const limit = (value: number): number => Math.min(1, Math.max(-1, value));
