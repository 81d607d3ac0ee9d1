/**
 * Icons as pixels. Planning needs an icon's outline and mean colour, drawing needs it in one colour at one size; both are kept once
 * made, so a long training run draws from memory.
 */
import { Resvg } from "@resvg/resvg-js";
import { Random } from "../random.ts";
import {
  COLOR_NAMES,
  type ColorName,
  colorRamp,
  hueRamp,
  lightness,
  type Rgb,
  tintRamp,
  UNNAMED_COLORS,
} from "./colors.ts";
import { iconSvg } from "./icons.ts";

/** An icon cut to its visible outline. `pixels` is RGBA with straight (not premultiplied) alpha, [height, width, 4]. */
interface Raster {
  readonly width: number;
  readonly height: number;
  readonly pixels: Uint8ClampedArray;
}

/** What planning knows of an icon. Width and height are relative to the longer of the two, which is 1. */
export interface IconShape {
  readonly width: number;
  readonly height: number;
  /** Alpha-weighted number of pixels at each lightness. */
  readonly histogram: Float64Array;
  /** Mean colour of the icon as drawn by its artist. */
  readonly mean: Rgb;
}

/**
 * An icon ready to be drawn: [height + 2, width + 2, 4] RGBA with premultiplied alpha. The border of transparent pixels lets a
 * bilinear sampler run past the edge without asking.
 */
export interface Sprite {
  readonly width: number;
  readonly height: number;
  readonly pixels: Uint8ClampedArray;
}

/** The icons are measured at this size, in pixels; larger ones are made only for larger pictures. */
const MEASURE_EDGE = 128;
/** Largest side a sprite is made at; beyond it a picture gets a magnified sprite. */
const LARGEST_LEVEL = 1024;
/** Pixels more transparent than this do not count towards the outline: glows and shadows of the art. */
const VISIBLE_ALPHA = 40;

const rasters = new Map<string, Raster>();
const shapes = new Map<string, IconShape>();
const ramps = new Map<string, Uint8Array>();
const means = new Map<string, Rgb>();
const sprites = new Map<string, Map<number, Sprite>>();

function kept<Key, Value>(cache: Map<Key, Value>, key: Key, make: () => Value): Value {
  let value = cache.get(key);
  if (value === undefined) {
    value = make();
    cache.set(key, value);
  }
  return value;
}

function rasterOf(icon: string, edge: number): Raster {
  return kept(rasters, `${icon}@${edge}`, () => {
    const image = new Resvg(iconSvg(icon), {
      font: { loadSystemFonts: false },
      fitTo: { mode: "width", value: edge },
    }).render();
    return cutToOutline(image.pixels, image.width, image.height);
  });
}

/** Takes premultiplied RGBA, as the rasteriser gives it. */
function cutToOutline(source: Uint8Array, width: number, height: number): Raster {
  let [left, top, right, bottom] = [width, height, 0, 0];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (source[(y * width + x) * 4 + 3] <= VISIBLE_ALPHA) continue;
      left = Math.min(left, x);
      right = Math.max(right, x);
      top = Math.min(top, y);
      bottom = Math.max(bottom, y);
    }
  }
  const raster = { width: right - left + 1, height: bottom - top + 1 };
  const pixels = new Uint8ClampedArray(raster.width * raster.height * 4);
  for (let y = 0; y < raster.height; y++) {
    for (let x = 0; x < raster.width; x++) {
      const from = ((y + top) * width + x + left) * 4;
      const to = (y * raster.width + x) * 4;
      const alpha = source[from + 3];
      pixels[to + 3] = alpha;
      if (alpha === 0) continue;
      for (let channel = 0; channel < 3; channel++) pixels[to + channel] = (source[from + channel] * 255) / alpha;
    }
  }
  return { ...raster, pixels };
}

/** The outline and tones of an icon, given as `set:name`. */
export function iconShape(icon: string): IconShape {
  return kept(shapes, icon, () => {
    const { width, height, pixels } = rasterOf(icon, MEASURE_EDGE);
    const histogram = new Float64Array(256);
    const sum = [0, 0, 0];
    let weight = 0;
    for (let at = 0; at < pixels.length; at += 4) {
      const alpha = pixels[at + 3] / 255;
      histogram[Math.round(lightness(pixels[at], pixels[at + 1], pixels[at + 2]))] += alpha;
      for (let channel = 0; channel < 3; channel++) sum[channel] += pixels[at + channel] * alpha;
      weight += alpha;
    }
    const longest = Math.max(width, height);
    return {
      width: width / longest,
      height: height / longest,
      histogram,
      mean: [sum[0] / weight, sum[1] / weight, sum[2] / weight],
    };
  });
}

function rampOf(icon: string, color: ColorName): Uint8Array {
  return kept(ramps, `${icon}|${color}`, () => colorRamp(color, iconShape(icon).histogram));
}

/** Mean colour of an icon once painted in a colour; null is its natural look. */
export function meanColor(icon: string, color: ColorName | null): Rgb {
  const shape = iconShape(icon);
  if (color === null) return shape.mean;
  return kept(means, `${icon}|${color}`, () => {
    const ramp = rampOf(icon, color);
    const sum = [0, 0, 0];
    let weight = 0;
    shape.histogram.forEach((count, level) => {
      for (let channel = 0; channel < 3; channel++) sum[channel] += ramp[level * 3 + channel] * count;
      weight += count;
    });
    return [sum[0] / weight, sum[1] / weight, sum[2] / weight];
  });
}

/**
 * The smallest kept size that is not smaller than asked: 8, 12, 16, 24, 32, 48, ... Neighbours differ by 1.5 or less, so a sprite is
 * shrunk by less than that when drawn and bilinear sampling stays free of aliasing.
 */
function levelFor(pixels: number): number {
  let level = 8;
  while (level < pixels && level < LARGEST_LEVEL) level = Math.log2(level) % 1 === 0 ? level * 1.5 : (level / 3) * 4;
  return level;
}

/**
 * An icon in a colour, at a size fit to be drawn with its longer side `pixels` long.
 *
 * @param icon `set:name`
 * @param color one of the ten, or null for the natural look
 * @param rainbow see `SceneObject.rainbow`; takes the place of the natural look
 */
export function spriteFor(icon: string, color: ColorName | null, pixels: number, rainbow?: number): Sprite {
  const level = levelFor(pixels);
  const variant = rainbow === undefined ? undefined : Math.floor(rainbow * RAINBOWS) % RAINBOWS;
  const look = variant === undefined ? (color ?? "") : `rainbow ${variant}`;
  const bySize = kept(sprites, `${icon}|${look}`, () => new Map<number, Sprite>());
  return kept(bySize, level, () => {
    // At least twice the size asked for, so that shrinking averages the rasteriser's own edges away.
    const edge = Math.max(MEASURE_EDGE, 2 ** Math.ceil(Math.log2(2 * level)));
    const raster = rasterOf(icon, edge);
    const painted =
      variant !== undefined
        ? repaintInBands(raster, bandsOf(icon, variant), variant)
        : color === null
          ? raster
          : repaint(raster, rampOf(icon, color));
    const shape = iconShape(icon);
    return shrink(painted, Math.max(1, Math.round(level * shape.width)), Math.max(1, Math.round(level * shape.height)));
  });
}

function repaint(raster: Raster, ramp: Uint8Array): Raster {
  const pixels = raster.pixels.slice();
  for (let at = 0; at < pixels.length; at += 4) {
    const level = Math.round(lightness(pixels[at], pixels[at + 1], pixels[at + 2])) * 3;
    pixels[at] = ramp[level];
    pixels[at + 1] = ramp[level + 1];
    pixels[at + 2] = ramp[level + 2];
  }
  return { ...raster, pixels };
}

/** Different rainbows of an icon: few enough to be kept. */
const RAINBOWS = 30;
const HUES = 32;

/** The ramps that run across a rainbow: by turns all hues, the ten colours in some order, and a single one that none of the ten names means. */
function bandsOf(icon: string, variant: number): Uint8Array[] {
  const { histogram } = iconShape(icon);
  switch (variant % 3) {
    case 0:
      return Array.from({ length: HUES }, (_, hue) => hueRamp(hue / HUES, histogram));
    case 1:
      return new Random(variant).shuffle(COLOR_NAMES).map((color) => rampOf(icon, color));
    default:
      return [tintRamp(UNNAMED_COLORS[Math.floor(variant / 3) % UNNAMED_COLORS.length], histogram)];
  }
}

/** All bands once or twice across the icon, in a direction and from a place among them that follow from the variant. */
function repaintInBands(raster: Raster, bands: readonly Uint8Array[], variant: number): Raster {
  const angle = (variant * 5 * Math.PI) / RAINBOWS;
  const turns = 1 + (variant % 3) / 2;
  const [acrossX, acrossY] = [(Math.cos(angle) * turns) / raster.width, (Math.sin(angle) * turns) / raster.height];
  const pixels = raster.pixels.slice();
  for (let at = 0; at < pixels.length; at += 4) {
    const pixel = at / 4;
    const place = (pixel % raster.width) * acrossX + Math.floor(pixel / raster.width) * acrossY + variant / RAINBOWS;
    const ramp = bands[Math.floor((place - Math.floor(place)) * bands.length) % bands.length];
    const level = Math.round(lightness(pixels[at], pixels[at + 1], pixels[at + 2])) * 3;
    for (let channel = 0; channel < 3; channel++) pixels[at + channel] = ramp[level + channel];
  }
  return { ...raster, pixels };
}

/** Area averaging with premultiplied alpha: every source pixel counts by how much of it lies in the target pixel. */
function shrink(raster: Raster, width: number, height: number): Sprite {
  const sums = new Float32Array((width + 2) * (height + 2) * 4);
  const columns = shares(raster.width, width);
  const rows = shares(raster.height, height);
  for (let y = 0; y < raster.height; y++) {
    for (let x = 0; x < raster.width; x++) {
      const from = (y * raster.width + x) * 4;
      const alpha = raster.pixels[from + 3] / 255;
      if (alpha === 0) continue;
      for (const row of rows[y]) {
        for (const column of columns[x]) {
          const to = ((row.cell + 1) * (width + 2) + column.cell + 1) * 4;
          const weight = row.length * column.length * alpha;
          sums[to] += raster.pixels[from] * weight;
          sums[to + 1] += raster.pixels[from + 1] * weight;
          sums[to + 2] += raster.pixels[from + 2] * weight;
          sums[to + 3] += 255 * weight;
        }
      }
    }
  }
  return { width, height, pixels: Uint8ClampedArray.from(sums) };
}

/** For each pixel of a longer axis, the pixels of the shorter one that it lies in, and how much of their length it covers. */
function shares(longer: number, shorter: number): { cell: number; length: number }[][] {
  const step = shorter / longer;
  return Array.from({ length: longer }, (_, pixel) => {
    const [from, to] = [pixel * step, (pixel + 1) * step];
    const covered = [];
    for (let cell = Math.floor(from); cell < Math.min(shorter, Math.ceil(to)); cell++) {
      covered.push({ cell, length: Math.min(cell + 1, to) - Math.max(cell, from) });
    }
    return covered;
  });
}
