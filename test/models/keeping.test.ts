import { describe, expect, it } from "vitest";
import { type MarConfig, parseConfig } from "../../src/models/config.ts";
import { drawnRoughly, keepingLoss, putTogether, stays, tokenSquares } from "../../src/models/keeping.ts";
import { Scope } from "../../src/nn/scope.ts";
import { Random } from "../../src/random.ts";
import { type HostArray, hostArray } from "../../src/tensor/dtype.ts";
import { input } from "../../src/tensor/index.ts";
import { initialize } from "../../src/training/parameters.ts";
import { evaluate } from "../tensor/evaluate.ts";
import { tinyConfig } from "./tiny.ts";
import { normals } from "./weights.ts";

/** Tokens of 2x2 pixels. */
const mar: MarConfig = { ...tinyConfig.mar, vae_stride: 2, patch_size: 1, source_tokens: true, source_pixels: true };
const [ROWS, PIXELS, WIDTH, TOKEN] = [2, 4, 5, 3];
const floats = (array: HostArray) => array.data as Float32Array;
const condition = input("condition", "float32", [ROWS, WIDTH]);
const token = input("token", "float32", [ROWS, TOKEN]);
const squares = (name: string) => input(name, "float32", [ROWS, 3 * PIXELS]);
const [source, target, drawn] = ["source", "target", "drawn"].map(squares);

const scope = Scope.root();
const odds = stays(scope, mar, { condition, token, source });
const outputs = { odds, loss: keepingLoss(odds, source, target), whole: putTogether(odds, source, drawn) };
const feeds = {
  condition: normals([ROWS, WIDTH], 1),
  token: normals([ROWS, TOKEN], 5),
  source: normals([ROWS, 3 * PIXELS], 2),
  target: normals([ROWS, 3 * PIXELS], 3),
  drawn: normals([ROWS, 3 * PIXELS], 4),
};
const random = Object.fromEntries([...scope.parameters].map(([name, { shape }], i) => [name, normals(shape, 10 + i)]));
const start = Object.fromEntries(initialize(scope.parameters, new Random(1)));
/** The same log-odds for every pixel. */
const saying = (logOdds: number) => ({
  ...start,
  "stays.bias": hostArray("float32", [PIXELS], new Array(PIXELS).fill(logOdds)),
});

/** Number `color` of a pixel among the squares of a row. */
const at = (array: HostArray, row: number, color: number, pixel: number): number =>
  floats(array)[(row * 3 + color) * PIXELS + pixel];
const everywhere = Array.from({ length: ROWS * 3 * PIXELS }, (_, i) => ({
  row: Math.floor(i / (3 * PIXELS)),
  color: Math.floor(i / PIXELS) % 3,
  pixel: i % PIXELS,
}));

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));

describe("an edit's result pixel by pixel", () => {
  it("begins with equal chances that a pixel stays and that it goes, of which it takes rather the drawing", async () => {
    const { odds, whole } = await evaluate(outputs, { ...feeds, ...start });
    expect(floats(odds).every((value) => value === 0)).toBe(true);
    for (const { row, color, pixel } of everywhere) {
      const [own, made] = [feeds.source, feeds.drawn].map((array) => at(array, row, color, pixel));
      expect(at(whole, row, color, pixel)).toBeCloseTo(made + (own - made) * sigmoid(-4.5), 5);
    }
  });

  it("stays by a network of its token and one of its own colors", async () => {
    const { odds } = await evaluate(outputs, { ...feeds, ...random });
    const silu = (x: number) => x * sigmoid(x);
    const linear = (x: readonly number[], layer: string) =>
      Array.from(floats(random[`${layer}.bias`]), (bias, out) =>
        x.reduce((sum, value, k) => sum + value * floats(random[`${layer}.weight`])[out * x.length + k], bias),
      );
    const rowOf = (array: HostArray, row: number, size: number) =>
      Array.from(floats(array).slice(row * size, (row + 1) * size));
    for (let row = 0; row < ROWS; row++) {
      const [own, made] = [rowOf(feeds.source, row, 3 * PIXELS), rowOf(feeds.token, row, TOKEN)];
      const given = [...rowOf(feeds.condition, row, WIDTH), ...made, ...own];
      const second = linear(linear(given, "mlp.0").map(silu), "mlp.2").map(silu);
      const [byToken, told, drawn] = ["stays", "told", "drawn"].map((layer) =>
        linear(layer === "drawn" ? made : second, layer),
      );
      for (let pixel = 0; pixel < PIXELS; pixel++) {
        const [ours, theirs] = [own, drawn].map((all) => [0, 1, 2].map((color) => all[color * PIXELS + pixel]));
        const seen = [...ours, ...theirs, ...ours.map((value, color) => (value - theirs[color]) ** 2)];
        const place = rowOf(random.place, pixel, told.length);
        const features = linear(seen, "pixel.0").map((value, k) => silu(value + told[k] + place[k]));
        const expected = byToken[pixel] + linear(features, "pixel.2")[0];
        const got = floats(odds)[row * PIXELS + pixel];
        expect(Math.abs(got - expected)).toBeLessThan(1e-3 * Math.max(1, Math.abs(expected)));
      }
    }
  });

  it("is the source itself where it is sure to stay, and the drawing where it is sure to go", async () => {
    const [same, other] = await Promise.all(
      [100, -100].map((logOdds) => evaluate(outputs, { ...feeds, ...saying(logOdds) })),
    );
    floats(same.whole).forEach((value, i) => {
      expect(value).toBeCloseTo(floats(feeds.source)[i], 5);
    });
    expect(other.whole.data).toEqual(feeds.drawn.data);
  });
});

describe("its loss", () => {
  const lossOf = async (logOdds: number, wanted: HostArray) =>
    floats((await evaluate(outputs, { ...feeds, ...saying(logOdds), target: wanted })).loss)[0];

  it("is nothing where what stays is known to stay", async () => {
    expect(await lossOf(50, feeds.source)).toBeCloseTo(0, 5);
  });

  it("is the logarithm of the mixture's likelihood, above that of a source that stays", async () => {
    const near = hostArray(
      "float32",
      feeds.source.shape,
      floats(feeds.source).map((value, i) => value + 0.1 * floats(feeds.target)[i]),
    );
    let sum = 0;
    for (let row = 0; row < ROWS; row++) {
      for (let pixel = 0; pixel < PIXELS; pixel++) {
        const squared = [0, 1, 2].reduce((a, color) => {
          const [own, wanted] = [feeds.source, near].map((array) => at(array, row, color, pixel));
          return a + (own - wanted) ** 2;
        }, 0);
        const same = sigmoid(0.7) * Math.exp(-squared / 2 / 0.05 ** 2);
        // Nobody knows what will be drawn: it is off by as much as is usual.
        const other = sigmoid(-0.7) * Math.exp(-3 / 2 - 3 * Math.log(0.3 / 0.05));
        sum -= Math.log(same + other);
      }
    }
    expect(await lossOf(0.7, near)).toBeCloseTo(sum / (ROWS * PIXELS * 3), 4);
  });
});

it("takes a token for one that was drawn a little wrong", async () => {
  const [clean, noise] = [input("clean", "float32", [1, 2]), input("noise", "float32", [1, 2])];
  const given = { clean: hostArray("float32", [1, 2], [1, -2]), noise: hostArray("float32", [1, 2], [2, 1]) };
  const { rough } = await evaluate({ rough: drawnRoughly(clean, noise) }, given);
  expect([...floats(rough)]).toEqual([2, -1.5]);
});

it("cuts pictures into what their tokens show, row by row", async () => {
  const pictures = input("pictures", "float32", [2, 3, 4, 6]);
  const given = normals([2, 3, 4, 6], 1);
  const { cut } = await evaluate({ cut: tokenSquares(mar, pictures) }, { pictures: given });
  expect(cut.shape).toEqual([12, 12]);
  // The second picture's last token, green, its upper right pixel.
  expect(floats(cut)[11 * 12 + 4 + 1]).toBe(floats(given)[((3 + 1) * 4 + 2) * 6 + 5]);
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
