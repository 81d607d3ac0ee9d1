/** Red, green and blue, each 0 to 255. */
export type Rgb = readonly [number, number, number];

/** The ten colours of GenEval: an object can be any of them. */
export const COLORS = {
  red: [222, 38, 38],
  orange: [245, 130, 20],
  yellow: [250, 210, 25],
  green: [40, 165, 60],
  blue: [35, 95, 225],
  purple: [130, 50, 180],
  pink: [250, 130, 185],
  brown: [135, 75, 35],
  black: [38, 38, 42],
  white: [245, 245, 245],
} as const satisfies Record<string, Rgb>;

export type ColorName = keyof typeof COLORS;
export const COLOR_NAMES = Object.keys(COLORS) as ColorName[];

/** What a background can be painted in: the ten, and some soft tones. */
export const BACKGROUND_COLORS = {
  ...COLORS,
  gray: [150, 152, 158],
  "light blue": [165, 212, 245],
  beige: [236, 222, 190],
  teal: [30, 140, 140],
  cream: [252, 246, 226],
} as const satisfies Record<string, Rgb>;

export type BackgroundColor = keyof typeof BACKGROUND_COLORS;
export const BACKGROUND_COLOR_NAMES = Object.keys(BACKGROUND_COLORS) as BackgroundColor[];

export const WHITE: Rgb = [255, 255, 255];
export const BLACK: Rgb = [0, 0, 0];

/** The colour a share `amount` (0 to 1) of the way from one to another. */
export function mix(from: Rgb, to: Rgb, amount: number): Rgb {
  return [
    from[0] + (to[0] - from[0]) * amount,
    from[1] + (to[1] - from[1]) * amount,
    from[2] + (to[2] - from[2]) * amount,
  ];
}

/** Rec. 601 luminance, 0 to 255. */
export function luminance(red: number, green: number, blue: number): number {
  return 0.299 * red + 0.587 * green + 0.114 * blue;
}

/**
 * How light a colour is as part of a drawing, 0 to 255: the mean of its luminance and its strongest channel. Luminance alone takes
 * a red car's body to be as dark as its wheels.
 */
export function lightness(red: number, green: number, blue: number): number {
  return (luminance(red, green, blue) + Math.max(red, green, blue)) / 2;
}

/** How far apart two colours look, 0 to about 420: a distance in RGB that weighs green most and blue least, as the eye does. */
export function colorDistance(a: Rgb, b: Rgb): number {
  return Math.hypot((a[0] - b[0]) * 0.9, (a[1] - b[1]) * 1.2, (a[2] - b[2]) * 0.7);
}

/** Lightnesses this close to one another count as one tone of an icon. */
const TONE_WIDTH = 48;

/** The lightness around which most of an icon lies, out of a range. */
function mainTone(histogram: Float64Array, least: number, greatest: number): number {
  let best = least;
  let most = -1;
  for (let tone = least; tone <= greatest; tone++) {
    let weight = 0;
    for (let level = Math.max(0, tone - TONE_WIDTH); level <= Math.min(255, tone + TONE_WIDTH); level++) {
      weight += histogram[level] * (TONE_WIDTH + 1 - Math.abs(level - tone));
    }
    if (weight > most) [best, most] = [tone, weight];
  }
  return best;
}

/**
 * The ramp that gives an icon a named colour: 256 RGB triples indexed by the lightness of the icon's own pixels. The icon's main
 * tone becomes the colour itself, darker pixels a shade of it and lighter ones a tint, so a purple zebra keeps its stripes.
 *
 * @param histogram alpha-weighted count of the icon's pixels at each of the 256 lightnesses
 */
export function colorRamp(color: ColorName, histogram: Float64Array): Uint8Array {
  const base = COLORS[color];
  return toneRamp(
    {
      base,
      shade: color === "white" ? [120, 120, 126] : color === "black" ? BLACK : mix(base, BLACK, 0.65),
      tint: color === "black" ? [105, 105, 112] : mix(base, WHITE, color === "white" ? 1 : 0.45),
    },
    histogram,
  );
}

/** Colours that none of the ten names means: each is at least 60 from every one of them by {@link colorDistance}. */
export const UNNAMED_COLORS: readonly Rgb[] = [
  [85, 88, 94],
  [128, 130, 136],
  [190, 192, 196],
  [30, 140, 140],
  [135, 135, 35],
  [185, 160, 225],
  [205, 170, 120],
  [175, 225, 60],
  [70, 205, 200],
  [165, 225, 180],
];

/** The ramp of {@link colorRamp} for any colour. */
export function tintRamp(base: Rgb, histogram: Float64Array): Uint8Array {
  return toneRamp({ base, shade: mix(base, BLACK, 0.65), tint: mix(base, WHITE, 0.45) }, histogram);
}

/** The ramp of {@link colorRamp} for a hue, 0 to 1 around the colour circle, at full saturation. */
export function hueRamp(hue: number, histogram: Float64Array): Uint8Array {
  const channel = (shift: number) => 30 + 215 * Math.min(1, Math.max(0, Math.abs((((hue + shift) * 6) % 6) - 3) - 1));
  return tintRamp([channel(0), channel(4 / 6), channel(2 / 6)], histogram);
}

/** A ramp from a shade over the colour itself, where most of the icon lies, to a tint. */
function toneRamp({ base, shade, tint }: { base: Rgb; shade: Rgb; tint: Rgb }, histogram: Float64Array): Uint8Array {
  const total = histogram.reduce((sum, count) => sum + count, 0);
  const quantile = (share: number) => {
    let sum = 0;
    for (let level = 0; level < 256; level++) {
      sum += histogram[level];
      if (sum >= share * total) return level;
    }
    return 255;
  };
  // Not among the darkest, or what an icon has of outlines, wheels and windows would lose its contrast to the body.
  const middle = mainTone(histogram, quantile(0.4), 255);
  const low = Math.min(quantile(0.03), middle - 25);
  const high = Math.max(quantile(0.97), middle + 25);
  const ramp = new Uint8Array(256 * 3);
  for (let level = 0; level < 256; level++) {
    // The powers keep tones near the main one close to the colour: it fills most of the icon, and is told at a glance.
    const tone =
      level < middle
        ? mix(shade, base, Math.max(0, (level - low) / (middle - low)) ** 0.6)
        : mix(base, tint, Math.min(1, (level - middle) / (high - middle)) ** 1.4);
    for (let channel = 0; channel < 3; channel++) ramp[level * 3 + channel] = Math.round(tone[channel]);
  }
  return ramp;
}
