import { describe, expect, it } from "vitest";
import { parseConfig } from "../../src/models/config.ts";
import { drawnRoughly, keepingLoss, paintingLoss, putTogether } from "../../src/models/keeping.ts";
import { type HostArray, hostArray } from "../../src/tensor/dtype.ts";
import { input } from "../../src/tensor/index.ts";
import { evaluate } from "../tensor/evaluate.ts";
import { tinyConfig } from "./tiny.ts";
import { normals } from "./weights.ts";

const [BATCH, SIDE] = [2, 3];
const PIXELS = SIDE * SIDE;
const picture = (name: string, channels = 3) => input(name, "float32", [BATCH, channels, SIDE, SIDE]);
const [source, painted, drawn, target] = ["source", "painted", "drawn", "target"].map((name) => picture(name));
const odds = picture("odds", 2);
const repainted = { odds, painted };
const outputs = {
  keeping: keepingLoss(repainted, { source, target }),
  painting: paintingLoss(repainted, target),
  whole: putTogether(repainted, { source, drawn }),
};
const floats = (array: HostArray) => array.data as Float32Array;
const near = (of: HostArray, seed: number, by: number): HostArray =>
  hostArray(
    "float32",
    of.shape,
    floats(of).map((value, i) => value + by * floats(normals(of.shape, seed))[i]),
  );
const own = normals([BATCH, 3, SIDE, SIDE], 1);
const feeds = {
  source: own,
  target: near(own, 2, 0.1),
  painted: near(own, 3, 0.1),
  drawn: normals([BATCH, 3, SIDE, SIDE], 4),
  odds: normals([BATCH, 2, SIDE, SIDE], 5),
};
/** The same log-odds for every pixel. */
const saying = (stays: number, painted: number): HostArray =>
  hostArray(
    "float32",
    [BATCH, 2, SIDE, SIDE],
    Array.from({ length: BATCH * 2 * PIXELS }, (_, i) => (Math.floor(i / PIXELS) % 2 === 0 ? stays : painted)),
  );

const pixels = Array.from({ length: BATCH * PIXELS }, (_, i) => ({ of: Math.floor(i / PIXELS), pixel: i % PIXELS }));
const colorsAt = (array: HostArray, of: number, pixel: number): number[] =>
  [0, 1, 2].map((color) => floats(array)[(of * 3 + color) * PIXELS + pixel]);
/** Shares of source, painting and drawing by the log-odds of a pixel, those of the drawing raised and all then multiplied by `factor`. */
function sharesAt(of: number, pixel: number, factor: number, raised: number): number[] {
  const logs = [0, 1].map((expert) => floats(feeds.odds)[(of * 2 + expert) * PIXELS + pixel] - raised);
  const exps = [...logs, 0].map((log) => Math.exp(log * factor));
  const sum = exps.reduce((a, b) => a + b);
  return exps.map((value) => value / sum);
}

describe("an edit's result pixel by pixel", () => {
  it("is of the source, of the painting and of the drawing by sharpened shares", async () => {
    const { whole } = await evaluate(outputs, feeds);
    for (const { of, pixel } of pixels) {
      const shares = sharesAt(of, pixel, 3, 1);
      const experts = [feeds.source, feeds.painted, feeds.drawn].map((array) => colorsAt(array, of, pixel));
      const expected = [0, 1, 2].map((color) => shares.reduce((sum, share, i) => sum + share * experts[i][color], 0));
      colorsAt(whole, of, pixel).forEach((value, color) => {
        expect(value).toBeCloseTo(expected[color], 4);
      });
    }
  });

  it("is the one that it is sure of", async () => {
    const sure = async (stays: number, painted: number) =>
      floats((await evaluate(outputs, { ...feeds, odds: saying(stays, painted) })).whole);
    const [same, anew, made] = await Promise.all([sure(100, 0), sure(0, 100), sure(-100, -100)]);
    same.forEach((value, i) => {
      expect(value).toBeCloseTo(floats(feeds.source)[i], 5);
    });
    anew.forEach((value, i) => {
      expect(value).toBeCloseTo(floats(feeds.painted)[i], 5);
    });
    expect(made).toEqual(feeds.drawn.data);
  });
});

describe("the losses of it", () => {
  it("are nothing where what stays is known to stay, and painted so", async () => {
    const { keeping, painting } = await evaluate(outputs, {
      ...feeds,
      target: own,
      painted: own,
      odds: saying(50, 0),
    });
    expect(floats(keeping)[0]).toBeCloseTo(0, 5);
    expect(floats(painting)[0]).toBe(0);
  });

  it("are the logarithm of the mixture's likelihood, above that of a source that stays, and how far the painting is off", async () => {
    let [sum, distance] = [0, 0];
    for (const { of, pixel } of pixels) {
      const wanted = colorsAt(feeds.target, of, pixel);
      const density = (array: HostArray, deviation: number) => {
        const squared = colorsAt(array, of, pixel).reduce((a, value, i) => a + (value - wanted[i]) ** 2, 0);
        return Math.exp(-squared / 2 / deviation ** 2 - 3 * Math.log(deviation / 0.05));
      };
      // Nobody knows what will be drawn: it is off by as much as is usual.
      const drawn = Math.exp(-3 / 2 - 3 * Math.log(0.2 / 0.05));
      const densities = [density(feeds.source, 0.05), density(feeds.painted, 0.07), drawn];
      sum -= Math.log(sharesAt(of, pixel, 1, 0).reduce((a, share, i) => a + share * densities[i], 0));
      // Smooth at 0.
      distance += colorsAt(feeds.painted, of, pixel).reduce(
        (a, value, i) => a + Math.hypot(value - wanted[i], 0.2) - 0.2,
        0,
      );
    }
    const { keeping, painting } = await evaluate(outputs, feeds);
    const numbers = BATCH * PIXELS * 3;
    expect(floats(keeping)[0]).toBeCloseTo(sum / numbers, 4);
    expect(floats(painting)[0]).toBeCloseTo((5 * distance) / numbers, 4);
  });
});

it("takes a token for one that was drawn a little wrong", async () => {
  const [clean, noise] = [input("clean", "float32", [1, 2]), input("noise", "float32", [1, 2])];
  const given = { clean: hostArray("float32", [1, 2], [1, -2]), noise: hostArray("float32", [1, 2], [2, 1]) };
  const { rough } = await evaluate({ rough: drawnRoughly(clean, noise) }, given);
  [1.6, -1.7].forEach((value, i) => {
    expect(floats(rough)[i]).toBeCloseTo(value, 6);
  });
});

it("needs the source's tokens", () => {
  const config = (source_tokens: boolean) => ({
    ...tinyConfig,
    mar: { ...tinyConfig.mar, source_tokens, source_pixels: true },
  });
  expect(() => parseConfig(config(false), "mine")).toThrow(
    "mine: mar.source_pixels needs mar.source_tokens to be true, too.",
  );
  expect(parseConfig(config(true)).mar.source_pixels).toBe(true);
});

it("is needed by what puts things in their places", () => {
  const config = (source_pixels: boolean) => ({
    ...tinyConfig,
    mar: { ...tinyConfig.mar, source_tokens: true, source_pixels, placed_pixels: true },
  });
  expect(() => parseConfig(config(false), "mine")).toThrow(
    "mine: mar.placed_pixels needs mar.source_pixels to be true, too.",
  );
  expect(parseConfig(config(true)).mar.placed_pixels).toBe(true);
});
