import { describe, expect, it } from "vitest";
import { planBackground } from "../../src/data/backgrounds.ts";
import { colorDistance, UNNAMED_COLORS } from "../../src/data/colors.ts";
import {
  BACKGROUND_KINDS,
  COLOR_NAMES,
  COLORS,
  type ColorName,
  drawScene,
  FILTERS,
  type Scene,
} from "../../src/data/index.ts";
import { makeObject } from "../../src/data/planning.ts";
import { Random } from "../../src/random.ts";
import { manyScenes } from "./scenes.ts";

function alone(name: string, color: keyof typeof COLORS | null): Scene {
  const object = { ...makeObject(new Random(1), name, "emoji", color), x: 0.5, y: 0.5, size: 0.8, flip: false };
  return { task: "colors", objects: [object], background: { kind: "plain", color: "teal" } };
}

/** The colour names of the pixels that differ from the same scene without its object, commonest first. */
function objectColors(scene: Scene, size: number): ColorName[] {
  const drawn = drawScene(scene, size);
  const empty = drawScene({ ...scene, objects: [] }, size);
  const counts = new Map<ColorName, number>();
  for (let at = 0; at < drawn.length; at += 3) {
    const [red, green, blue] = drawn.subarray(at, at + 3);
    if (red === empty[at] && green === empty[at + 1] && blue === empty[at + 2]) continue;
    const distance = (name: ColorName) => colorDistance([red, green, blue], COLORS[name]);
    const nearest = COLOR_NAMES.reduce((best, name) => (distance(name) < distance(best) ? name : best));
    counts.set(nearest, (counts.get(nearest) ?? 0) + 1);
  }
  return [...counts].sort((a, b) => b[1] - a[1]).map(([name]) => name);
}

/** The picture at half the size, every two by two pixels averaged. */
function shrinkTwice(pixels: Uint8Array, size: number): number[] {
  const half = size / 2;
  return Array.from({ length: half * half * 3 }, (_, at) => {
    const [x, y, channel] = [Math.floor(at / 3) % half, Math.floor(at / 3 / half), at % 3];
    const pick = (dx: number, dy: number) => pixels[((2 * y + dy) * size + 2 * x + dx) * 3 + channel];
    return (pick(0, 0) + pick(1, 0) + pick(0, 1) + pick(1, 1)) / 4;
  });
}

describe("drawScene", () => {
  it("draws the same bytes for the same scene, at the size asked for", () => {
    const [scene] = manyScenes(40, 1, { styles: ["emoji"] });
    for (const size of [16, 32, 64, 100]) {
      const pixels = drawScene(scene, size);
      expect(pixels.length).toBe(size * size * 3);
      expect(drawScene(structuredClone(scene), size)).toEqual(pixels);
    }
    expect(() => drawScene(scene, 0)).toThrow(/from 8 to 4096/);
    expect(() => drawScene(scene, 64.5)).toThrow(/whole number/);
  });

  it("paints rainbows in all hues, in all ten colours (hues alone have no black, white and brown) and in colours without a name", () => {
    const [apple] = alone("apple", null).objects;
    const rainbow = (variant: number): Scene => ({
      ...alone("apple", null),
      objects: [{ ...apple, rainbow: variant / 30 + 0.001 }],
    });
    for (const variant of [0, 12, 28]) expect(objectColors(rainbow(variant), 64).length).toBeGreaterThan(5);
    expect(objectColors(rainbow(1), 64)).toEqual(expect.arrayContaining(["black", "white", "brown", "red", "blue"]));
    for (const color of UNNAMED_COLORS) {
      for (const name of COLOR_NAMES) expect(colorDistance(color, COLORS[name])).toBeGreaterThan(60);
    }
    const looks = [0, 1, 2, 3, 4, 5].map((variant) => drawScene(rainbow(variant), 32).join());
    expect(new Set(looks).size).toBe(6);
  });

  it("gives objects the colour they are said to have", () => {
    for (const name of ["dog", "cat", "apple", "bench", "elephant", "clock", "car"]) {
      for (const color of COLOR_NAMES) {
        const seen = objectColors(alone(name, color), 64);
        expect(seen[0], `${color} ${name}`).toBe(color);
      }
    }
  });

  it("draws the same picture at half the size", () => {
    for (const scene of manyScenes(41, 20, { styles: ["emoji"] })) {
      const large = shrinkTwice(drawScene(scene, 128), 128);
      const small = drawScene(scene, 64);
      const error = large.reduce((sum, value, at) => sum + Math.abs(value - small[at]), 0) / small.length;
      expect(error).toBeLessThan(2.5);
    }
  });

  it("mirrors an object that is flipped", () => {
    const scene = alone("car", "red");
    const flipped = structuredClone(scene);
    flipped.objects[0].flip = true;
    const [a, b] = [drawScene(scene, 32), drawScene(flipped, 32)];
    expect(a).not.toEqual(b);
    for (let y = 0; y < 32; y++) {
      for (let x = 0; x < 32; x++) {
        expect(Math.abs(a[(y * 32 + x) * 3] - b[(y * 32 + 31 - x) * 3])).toBeLessThanOrEqual(2);
      }
    }
  });

  it("paints every background differently", () => {
    const random = new Random(42);
    const pictures = BACKGROUND_KINDS.map((kind) =>
      drawScene({ task: "colors", objects: [], background: planBackground(random, kind) }, 16).join(),
    );
    expect(new Set(pictures).size).toBe(BACKGROUND_KINDS.length);
  });

  it("applies every filter", () => {
    const scene = alone("car", "red");
    const plain = drawScene(scene, 32);
    for (const filter of FILTERS) {
      const filtered = drawScene({ ...scene, filter }, 32);
      expect(filtered.length).toBe(plain.length);
      expect(filtered, filter).not.toEqual(plain);
      const isGray = filtered.every((value, at) => value === filtered[at - (at % 3)]);
      expect(isGray, filter).toBe(filter === "black and white" || filter === "pencil sketch");
    }
    const inverted = drawScene({ ...scene, filter: "inverted" }, 32);
    expect(inverted.every((value, at) => value + plain[at] === 255)).toBe(true);
  });
});
