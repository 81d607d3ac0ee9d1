import { describe, expect, it } from "vitest";
import { type MarConfig, tokenWidth } from "../../src/models/config.ts";
import { conditionWidth, copyWeights, shownTokens, showTokens, withoutSource } from "../../src/models/copying.ts";
import { denoiser } from "../../src/models/denoiser.ts";
import { Scope } from "../../src/nn/scope.ts";
import { Random } from "../../src/random.ts";
import { noiseSchedule } from "../../src/sampling/noise-schedule.ts";
import { type HostArray, hostArray } from "../../src/tensor/dtype.ts";
import { input } from "../../src/tensor/index.ts";
import { initialize } from "../../src/training/parameters.ts";
import { perfect } from "../sampling/gaussian.ts";
import { evaluate } from "../tensor/evaluate.ts";
import { tinyConfig } from "./tiny.ts";
import { normals } from "./weights.ts";

const mar: MarConfig = { ...tinyConfig.mar, source_tokens: true };
const config = { ...tinyConfig, mar };
const [width, token] = [mar.decoder_embed_dim, tokenWidth(mar)];
const floats = (array: HostArray) => array.data as Float32Array;
const rowsOf = (array: HostArray, size: number) =>
  Array.from({ length: array.data.length / size }, (_, row) => floats(array).slice(row * size, (row + 1) * size));

/** Weights of the network that changes a source's tokens, of which the last layer is scaled. */
function changer(scale: number): Record<string, HostArray> {
  const [inner, given] = [mar.diffloss_w, width + token];
  const last = normals([token, given + inner], 13);
  return {
    "source_change.mlp.0.weight": normals([inner, given], 10),
    "source_change.mlp.0.bias": normals([inner], 11),
    "source_change.mlp.2.weight": normals([inner, inner], 12),
    "source_change.mlp.2.bias": normals([inner], 14),
    "source_change.linear.weight": hostArray(
      "float32",
      last.shape,
      floats(last).map((value) => value * scale),
    ),
    "source_change.linear.bias": hostArray("float32", [token], new Float32Array(token).fill(scale)),
  };
}

it("shows each condition the source token of its place: mapped, as it is, and that there is one", async () => {
  const condition = input("condition", "float32", [2, 3, width]);
  const tokens = input("tokens", "float32", [2, 3, token]);
  const alone = withoutSource(mar, condition);
  const told = showTokens(Scope.root(), mar, alone, tokens);
  const feeds = { condition: normals([2, 3, width], 1), tokens: normals([2, 3, token], 2) };
  const weight = normals([width, token], 3);
  const results = await evaluate({ alone, told }, { ...feeds, ...changer(0), "source_embed.weight": weight });
  const given = rowsOf(feeds.condition, width);
  const shown = rowsOf(feeds.tokens, token);
  const map = rowsOf(weight, token);
  expect(results.told.shape).toEqual([2, 3, conditionWidth(mar)]);
  rowsOf(results.told, conditionWidth(mar)).forEach((row, i) => {
    const mapped = map.map((each) => each.reduce((sum, value, k) => sum + value * shown[i][k], 0));
    [...mapped.map((value, k) => value + given[i][k]), ...shown[i], 1].forEach((value, k) => {
      expect(row[k]).toBeCloseTo(value, 4);
    });
  });
  rowsOf(results.alone, conditionWidth(mar)).forEach((row, i) => {
    expect([...row]).toEqual([...given[i], ...new Array(token + 1).fill(0)]);
  });
});

it("changes the source's tokens by a network of what the decoder says of their places and of themselves", async () => {
  const [condition, tokens] = [normals([2, width], 1), normals([2, token], 2)];
  const alone = withoutSource(mar, input("condition", "float32", [2, width]));
  const shown = shownTokens(mar, showTokens(Scope.root(), mar, alone, input("tokens", "float32", [2, token])));
  const weights = changer(1);
  const feeds = { condition, tokens, ...weights, "source_embed.weight": normals([width, token], 3) };
  const result = await evaluate({ shown }, feeds);
  const linear = (x: readonly number[], layer: string) =>
    rowsOf(weights[`source_change.${layer}.weight`], x.length).map((row, i) =>
      row.reduce((sum, value, k) => sum + value * x[k], floats(weights[`source_change.${layer}.bias`])[i]),
    );
  const silu = (x: number) => x / (1 + Math.exp(-x));
  rowsOf(result.shown, token).forEach((row, i) => {
    const own = rowsOf(tokens, token)[i];
    const given = [...rowsOf(condition, width)[i], ...own];
    const hidden = linear(linear(given, "mlp.0").map(silu), "mlp.2").map(silu);
    linear([...given, ...hidden], "linear").forEach((change, k) => {
      expect(row[k]).toBeCloseTo(own[k] + change, 3);
    });
  });
});

it("begins with a network that changes nothing", () => {
  const scope = Scope.root();
  const alone = withoutSource(mar, input("condition", "float32", [2, width]));
  showTokens(scope, mar, alone, input("tokens", "float32", [2, token]));
  const values = initialize(scope.parameters, new Random(1));
  for (const name of ["weight", "bias"]) {
    expect(floats(values.get(`source_change.linear.${name}`)!).every((value) => value === 0)).toBe(true);
  }
});

it("leaves the official model's conditions alone", () => {
  const condition = input("condition", "float32", [2, width]);
  expect(withoutSource(tinyConfig.mar, condition)).toBe(condition);
  expect(conditionWidth(tinyConfig.mar)).toBe(width);
});

describe.each(["epsilon", "velocity"] as const)("a head that predicts %s", (prediction) => {
  const own = { ...config, mar: { ...mar, prediction } };
  const schedule = noiseSchedule({ maxBeta: config.max_beta });

  it("copies as one that knows the clean token lies about the source", () => {
    const weights = copyWeights(own);
    for (const [i, x, mean] of [
      [0, 0.3, 0.2],
      [40, -0.4, 1.2],
      [500, 1.5, -0.7],
      [999, 2, 0.9],
    ]) {
      const copied = weights.x[i] * x + weights.source[i] * mean;
      expect(copied).toBeCloseTo(perfect({ mean, deviation: 0.1 }, schedule, i, x, prediction), 4);
    }
  });

  it("copies where its gates are open and there is a source, and nowhere else", async () => {
    const scope = Scope.root();
    const [x, timesteps] = [input("x", "float32", [2, token]), input("timesteps", "float32", [1])];
    const alone = withoutSource(mar, input("condition", "float32", [2, width]));
    const shown = showTokens(scope, mar, alone, input("tokens", "float32", [2, token]));
    const net = scope.child("net");
    const outputs = {
      edited: denoiser(net, own, x, timesteps, shown),
      drawn: denoiser(net, own, x, timesteps, alone),
      official: denoiser(net, { ...own, mar: { ...own.mar, source_tokens: false } }, x, timesteps, alone),
    };
    const weights = Object.fromEntries(
      [...scope.parameters].map(([name, { shape }], i) => [name, normals(shape, 10 + i)]),
    );
    const zeros = (name: string) =>
      hostArray("float32", weights[name].shape, new Float32Array(weights[name].data.length));
    const gates = (value: number) => ({
      "net.final_layer.copy.weight": zeros("net.final_layer.copy.weight"),
      "net.final_layer.copy.bias": hostArray("float32", [token], new Float32Array(token).fill(value)),
    });
    const at = 700;
    const feeds = {
      x: normals([2, token], 1),
      timesteps: hostArray("float32", [1], [at]),
      condition: normals([2, width], 2),
      tokens: normals([2, token], 3),
      ...weights,
      ...changer(0),
      "source_embed.weight": zeros("source_embed.weight"),
    };
    const open = await evaluate(outputs, { ...feeds, ...gates(50) });
    const closed = await evaluate(outputs, { ...feeds, ...gates(-50) });
    expect(closed.edited.data).toEqual(closed.official.data);
    expect(open.drawn.data).toEqual(open.official.data);
    const { x: fromX, source: fromSource } = copyWeights(own);
    const plain = rowsOf(open.official, 2 * token);
    rowsOf(open.edited, 2 * token).forEach((row, i) => {
      for (let k = 0; k < token; k++) {
        const copied =
          fromX[at] * floats(feeds.x)[i * token + k] + fromSource[at] * floats(feeds.tokens)[i * token + k];
        expect(row[k]).toBeCloseTo(copied, 4);
        expect(row[token + k]).toBeCloseTo(plain[i][token + k], 5);
      }
    });
  });
});
