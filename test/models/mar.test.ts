import { describe, expect, it } from "vitest";
import { canvasRows, decode, hiddenRows, sharedCanvas } from "../../src/models/mar.ts";
import { Scope } from "../../src/nn/scope.ts";
import { type HostArray, hostArray } from "../../src/tensor/dtype.ts";
import { input } from "../../src/tensor/index.ts";
import { evaluate } from "../tensor/evaluate.ts";
import { tinyConfig } from "./tiny.ts";
import { normals, startWeights } from "./weights.ts";

const plain = tinyConfig.mar;
const config = { ...plain, source_tokens: true };
const SKIP = "source_embed.weight";
/** Two pictures of 2x2 tokens of three numbers, of which some are visible. */
const PLACES = [
  [0, 3],
  [1, 2],
];
const TOKEN = 3;
const states = (own: number, seed: number) => normals([2, plain.buffer_size + own, plain.encoder_embed_dim], seed);
const feeds = { encoded: states(2, 1), source: states(4, 2), tokens: normals([2, 4, TOKEN], 3) };
const places = (rows: BigInt64Array) => hostArray("int64", [2, 4], rows);

/** Conditions of edits as training and as inference work them out. */
async function conditions(mar: typeof plain, skip?: HostArray): Promise<Record<"once" | "shared", Float32Array>> {
  const root = Scope.root();
  const given = (name: keyof typeof feeds) => input(name, "float32", feeds[name].shape);
  const [encoded, source, tokens] = [given("encoded"), given("source"), given("tokens")];
  const inputs = { encoded, canvas: input("canvas", "int64", [2, 4]), source, sourceTokens: tokens };
  const once = decode(root, mar, inputs, [2, 2]);
  const hidden = hiddenRows(root, mar, source, tokens);
  const shared = decode(root, mar, { encoded, canvas: input("shared canvas", "int64", [2, 4]), hidden }, [2, 2]);
  const results = await evaluate(
    { once, shared },
    {
      ...startWeights(root, 5),
      ...(skip ? { [SKIP]: skip } : {}),
      ...(mar.source_tokens ? feeds : { encoded: feeds.encoded, source: feeds.source }),
      canvas: places(canvasRows(PLACES, 4, plain.buffer_size, true)),
      "shared canvas": places(sharedCanvas(PLACES, 4, plain.buffer_size, 2)),
    },
  );
  return { once: results.once.data as Float32Array, shared: results.shared.data as Float32Array };
}

function expectClose(got: Float32Array, wanted: Float32Array): void {
  got.forEach((value, i) => {
    expect(value).toBeCloseTo(wanted[i], 5);
  });
}

describe("the canvas of an edit", () => {
  const weights = normals([plain.decoder_embed_dim, TOKEN], 4);
  const zeros = { ...weights, data: new Float32Array(weights.data.length) };

  it("shows the source's tokens at hidden places, the same in training and in inference", async () => {
    const [without, withThem] = [await conditions(config, zeros), await conditions(config, weights)];
    expectClose(withThem.once, withThem.shared);
    expect(Math.max(...withThem.once.map((value, i) => Math.abs(value - without.once[i])))).toBeGreaterThan(0.05);
  });

  it("asks for no weight where the model has none", () => {
    const names = (mar: typeof plain) => {
      const root = Scope.root();
      hiddenRows(root, mar, input("source", "float32", feeds.source.shape), input("tokens", "float32", [2, 4, TOKEN]));
      return [...root.parameters.keys()];
    };
    expect(names(config).filter((name) => !names(plain).includes(name))).toEqual([SKIP]);
  });
});
