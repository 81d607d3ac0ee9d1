/** What lies behind the objects: eleven kinds, each with how it is drawn up, painted and named. */
import { Random } from "../random.ts";
import { BACKGROUND_COLOR_NAMES, BACKGROUND_COLORS, type BackgroundColor, mix, type Rgb, WHITE } from "./colors.ts";
import type { Pixmap } from "./pixmap.ts";
import { article } from "./words.ts";

export type BackgroundKind =
  | "plain"
  | "gradient"
  | "grass"
  | "beach"
  | "table"
  | "night"
  | "snow"
  | "road"
  | "room"
  | "dots"
  | "stripes";

export interface Background {
  kind: BackgroundKind;
  /** Of the whole, of the wall, or of a gradient's top. */
  color?: BackgroundColor;
  /** Of a gradient's bottom. */
  secondColor?: BackgroundColor;
  /** Height at which the ground starts, 0 (top) to 1, for kinds that have a ground. */
  horizon?: number;
  /** Where the stars or snowflakes are. */
  seed?: number;
}

interface BackgroundRecipe {
  readonly colors?: readonly BackgroundColor[];
  /** Range of the horizon. */
  readonly horizon?: readonly [number, number];
  readonly scattered?: true;
  paint(pixmap: Pixmap, background: Background): void;
  /** The main colours above and below the horizon (or of the top and bottom): what an object must stand out from. */
  tones(background: Background): readonly [Rgb, Rgb];
  /** Ways to say where something is, the fullest first. */
  places(background: Background): readonly string[];
  /** The background alone, as a noun phrase. */
  scenery(background: Background): string;
}

const colorOf = (background: Background): Rgb => BACKGROUND_COLORS[background.color ?? "white"];
const secondOf = (background: Background): Rgb => BACKGROUND_COLORS[background.secondColor ?? "white"];
const SOFT: readonly BackgroundColor[] = ["pink", "light blue", "yellow", "teal", "cream", "gray"];

const flat = (background: Background): readonly [Rgb, Rgb] => [colorOf(background), colorOf(background)];
/** The colour of dots and stripes: lighter than the ground, save on cream, which has no room above it. */
const pattern = (background: Background): Rgb =>
  mix(colorOf(background), WHITE, background.color === "cream" ? -0.6 : 0.3);

const RECIPES: Readonly<Record<BackgroundKind, BackgroundRecipe>> = {
  plain: {
    colors: BACKGROUND_COLOR_NAMES,
    paint: (pixmap, background) => pixmap.fillBand(0, 1, colorOf(background)),
    tones: flat,
    places: ({ color }) => [`on a plain ${color} background`, `on ${article(`${color} background`)}`],
    scenery: ({ color }) => `a plain ${color} background`,
  },
  gradient: {
    colors: BACKGROUND_COLOR_NAMES,
    paint: (pixmap, background) => pixmap.fillBand(0, 1, colorOf(background), secondOf(background)),
    tones: (background) => [colorOf(background), secondOf(background)],
    places: ({ color, secondColor }) => [
      `on ${article(`${color} to ${secondColor} gradient background`)}`,
      `on a background that fades from ${color} to ${secondColor}`,
    ],
    scenery: ({ color, secondColor }) => article(`${color} to ${secondColor} gradient background`),
  },
  grass: {
    horizon: [0.45, 0.62],
    paint(pixmap, { horizon = 0.5 }) {
      pixmap.fillBand(0, horizon, [95, 178, 240], [190, 228, 250]);
      pixmap.fillBand(horizon, 1, [120, 195, 80], [70, 150, 55]);
    },
    tones: () => [
      [120, 195, 245],
      [95, 175, 70],
    ],
    places: () => ["on the grass under a blue sky", "on the grass", "on green grass"],
    scenery: () => "grass under a blue sky",
  },
  beach: {
    horizon: [0.5, 0.62],
    paint(pixmap, { horizon = 0.5 }) {
      pixmap.fillBand(0, horizon * 0.62, [120, 200, 245], [200, 235, 250]);
      pixmap.fillBand(horizon * 0.62, horizon, [40, 140, 200], [80, 180, 215]);
      pixmap.fillBand(horizon, 1, [245, 226, 175], [225, 200, 140]);
    },
    tones: () => [
      [150, 215, 245],
      [236, 214, 160],
    ],
    places: () => ["on a sandy beach by the sea", "on the beach", "on a beach by the sea"],
    scenery: () => "a sandy beach by the sea",
  },
  table: {
    colors: ["cream", "light blue", "beige", "white", "teal", "pink"],
    horizon: [0.5, 0.6],
    paint(pixmap, background) {
      const { horizon = 0.5 } = background;
      pixmap.fillBand(0, horizon, colorOf(background));
      pixmap.fillBand(horizon, 1, [190, 128, 74], [150, 94, 50]);
      for (let board = 1; board < 4; board++) {
        pixmap.fillRectangle(0, horizon + ((1 - horizon) * board) / 4, 1, 0.006, [80, 45, 20], 0.35);
      }
      pixmap.fillRectangle(0, horizon, 1, 0.012, [255, 230, 190], 0.5);
    },
    tones: (background) => [colorOf(background), [176, 116, 66]],
    places: ({ color }) => ["on a wooden table", `on a wooden table in front of a ${color} wall`],
    scenery: ({ color }) => `a wooden table in front of a ${color} wall`,
  },
  night: {
    horizon: [0.6, 0.7],
    scattered: true,
    paint(pixmap, { horizon = 0.6, seed = 0 }) {
      pixmap.fillBand(0, horizon, [14, 18, 52], [48, 56, 110]);
      pixmap.fillBand(horizon, 1, [34, 66, 58], [18, 40, 40]);
      const random = new Random(seed);
      for (let star = 0; star < 22; star++) {
        const alpha = random.uniform(0.5, 1);
        pixmap.fillRectangle(random.uniform(), random.uniform(0, horizon * 0.95), 0.012, 0.012, WHITE, alpha);
      }
    },
    tones: () => [
      [22, 28, 70],
      [30, 52, 52],
    ],
    places: () => ["at night under the stars", "at night", "under a starry night sky"],
    scenery: () => "a starry night sky",
  },
  snow: {
    horizon: [0.5, 0.62],
    scattered: true,
    paint(pixmap, { horizon = 0.5, seed = 0 }) {
      pixmap.fillBand(0, horizon, [165, 200, 232], [214, 230, 244]);
      pixmap.fillBand(horizon, 1, [252, 253, 255], [226, 236, 246]);
      const random = new Random(seed);
      for (let flake = 0; flake < 26; flake++) {
        pixmap.fillDisc(random.uniform(), random.uniform(0, horizon), 0.009, WHITE);
      }
    },
    tones: () => [
      [190, 215, 235],
      [244, 248, 252],
    ],
    places: () => ["in the snow", "in the snow on a winter day"],
    scenery: () => "a snowy landscape",
  },
  road: {
    horizon: [0.45, 0.55],
    paint(pixmap, { horizon = 0.5 }) {
      pixmap.fillBand(0, horizon, [140, 200, 240], [210, 235, 248]);
      pixmap.fillBand(horizon, horizon + 0.05, [111, 174, 90]);
      pixmap.fillBand(horizon + 0.05, 1, [104, 106, 112], [82, 84, 90]);
      for (let dash = 0; dash < 4; dash++) {
        pixmap.fillRectangle(0.05 + dash * 0.26, horizon + (1 - horizon) * 0.86, 0.14, 0.02, [244, 233, 176]);
      }
    },
    tones: () => [
      [150, 205, 240],
      [95, 97, 104],
    ],
    places: () => ["on a road", "on the road", "on a gray road under a blue sky"],
    scenery: () => "a gray road under a blue sky",
  },
  room: {
    colors: ["yellow", "blue", "green", "pink", "light blue", "beige", "gray"],
    horizon: [0.6, 0.7],
    paint(pixmap, background) {
      const { horizon = 0.6 } = background;
      pixmap.fillBand(0, horizon, mix(colorOf(background), WHITE, 0.4), mix(colorOf(background), WHITE, 0.28));
      pixmap.fillBand(horizon, 1, [196, 158, 116], [166, 126, 86]);
      pixmap.fillRectangle(0, horizon - 0.02, 1, 0.025, WHITE);
    },
    tones: (background) => [mix(colorOf(background), WHITE, 0.35), [190, 150, 110]],
    places: ({ color }) => [`in a room with ${color} walls`, `in ${article(`${color} room`)}`],
    scenery: ({ color }) => `a room with ${color} walls`,
  },
  dots: {
    colors: [...SOFT, "purple"],
    paint(pixmap, background) {
      pixmap.fillBand(0, 1, colorOf(background));
      for (let row = 0; row < 6; row++) {
        for (let column = 0; column < 6; column++) {
          const x = (column + 0.5 + (row % 2) * 0.5) / 6;
          pixmap.fillDisc(x, (row + 0.5) / 6, 0.026, pattern(background));
        }
      }
    },
    tones: flat,
    places: ({ color }) => [`on a ${color} background with polka dots`, `on a ${color} polka dot background`],
    scenery: ({ color }) => `a ${color} background with polka dots`,
  },
  stripes: {
    colors: [...SOFT, "green"],
    paint(pixmap, background) {
      pixmap.fillBand(0, 1, colorOf(background));
      for (let stripe = 0; stripe < 4; stripe++) pixmap.fillRectangle(stripe / 4, 0, 1 / 8, 1, pattern(background));
    },
    tones: flat,
    places: ({ color }) => [`on a striped ${color} background`, `on a ${color} background with stripes`],
    scenery: ({ color }) => `a striped ${color} background`,
  },
};

export const BACKGROUND_KINDS = Object.keys(RECIPES) as BackgroundKind[];

/** Kinds with a ground that objects stand on, rather than float before. */
export function hasGround(kind: BackgroundKind): boolean {
  return RECIPES[kind].horizon !== undefined;
}

/**
 * A background of a kind, its colours and horizon drawn at random.
 *
 * @param highestGround the horizon is drawn no lower than this, where many objects need ground to stand on
 */
export function planBackground(random: Random, kind: BackgroundKind, highestGround = 1): Background {
  const recipe = RECIPES[kind];
  const background: Background = { kind };
  if (recipe.colors !== undefined) background.color = random.pick(recipe.colors);
  if (kind === "gradient") {
    background.secondColor = random.pick(BACKGROUND_COLOR_NAMES.filter((name) => name !== background.color));
  }
  if (recipe.horizon !== undefined) background.horizon = Math.min(random.uniform(...recipe.horizon), highestGround);
  if (recipe.scattered) background.seed = random.integer(2 ** 20);
  return background;
}

export function paintBackground(pixmap: Pixmap, background: Background): void {
  RECIPES[background.kind].paint(pixmap, background);
}

/** The background's main colour at a height, 0 (top) to 1. */
export function backgroundColorAt(background: Background, height: number): Rgb {
  const [above, below] = RECIPES[background.kind].tones(background);
  if (background.horizon === undefined) return mix(above, below, height);
  return height < background.horizon ? above : below;
}

/** Ways to say where the objects are, such as "on the grass under a blue sky"; the first is the fullest. */
export function backgroundPlaces(background: Background): readonly string[] {
  return RECIPES[background.kind].places(background);
}

/** The background as a noun phrase, such as "grass under a blue sky". */
export function backgroundScenery(background: Background): string {
  return RECIPES[background.kind].scenery(background);
}
