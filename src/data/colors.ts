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

/** How far apart two colours look, 0 to about 420: a distance in RGB that weighs green most and blue least, as the eye does. */
export function colorDistance(a: Rgb, b: Rgb): number {
  return Math.hypot((a[0] - b[0]) * 0.9, (a[1] - b[1]) * 1.2, (a[2] - b[2]) * 0.7);
}

/**
 * The ramp that gives an icon a named colour: 256 RGB triples indexed by the luminance of the icon's own pixels. The icon's median
 * luminance becomes the colour itself, darker pixels a shade of it and lighter ones a tint, so a purple zebra keeps its stripes.
 *
 * @param histogram alpha-weighted count of the icon's pixels at each of the 256 luminances
 */
export function colorRamp(color: ColorName, histogram: Float64Array): Uint8Array {
  const total = histogram.reduce((sum, count) => sum + count, 0);
  const quantile = (share: number) => {
    let sum = 0;
    for (let level = 0; level < 256; level++) {
      sum += histogram[level];
      if (sum >= share * total) return level;
    }
    return 255;
  };
  const middle = quantile(0.5);
  const low = Math.min(quantile(0.03), middle - 25);
  const high = Math.max(quantile(0.97), middle + 25);
  const base = COLORS[color];
  const shade = color === "white" ? ([120, 120, 126] as const) : color === "black" ? BLACK : mix(base, BLACK, 0.72);
  const tint = color === "black" ? ([120, 120, 126] as const) : mix(base, WHITE, color === "white" ? 1 : 0.55);
  const ramp = new Uint8Array(256 * 3);
  for (let level = 0; level < 256; level++) {
    const tone =
      level < middle
        ? mix(shade, base, Math.max(0, (level - low) / (middle - low)) ** 0.8)
        : mix(base, tint, Math.min(1, ((level - middle) / (high - middle)) * 0.8));
    ramp.set(tone.map(Math.round), level * 3);
  }
  return ramp;
}
