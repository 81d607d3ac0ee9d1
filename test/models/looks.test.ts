import { describe, expect, it } from "vitest";
import type { MarConfig } from "../../src/models/config.ts";
import { lookLoss, restyle } from "../../src/models/looks.ts";
import { Scope } from "../../src/nn/scope.ts";
import { hostArray } from "../../src/tensor/dtype.ts";
import { input } from "../../src/tensor/index.ts";
import { evaluate } from "../tensor/evaluate.ts";
import { tinyConfig } from "./tiny.ts";
import { normals, startWeights } from "./weights.ts";

const SIDE = 16;
const mar: MarConfig = { ...tinyConfig.mar, vae_stride: 8, patch_size: 1 };
const values = (array: { data: ArrayLike<number | bigint> }) => Array.from(array.data, Number);

describe("restyle", () => {
  const scope = Scope.root();
  const prompt = { embeddings: input("embeddings", "float32", [1, 3, 4]), isOwn: input("isOwn", "float32", [1, 3]) };
  const outputs = { ...restyle(scope, mar, input("source", "float32", [1, 3, SIDE, SIDE]), prompt) };
  const weights = startWeights(scope, 1);
  const source = normals([1, 3, SIDE, SIDE], 1);
  const feeds = { source, embeddings: normals([1, 3, 4], 2), isOwn: hostArray("float32", [1, 3], [1, 1, 1]) };

  it("sees of every pixel those beside it and the mean of its square, and the prompt", async () => {
    const one = await evaluate(outputs, { ...feeds, ...weights });
    expect([one.look.shape, one.odds.shape]).toEqual([
      [1, 3, SIDE, SIDE],
      [1, 1],
    ]);
    const moved = { ...source, data: (source.data as Float32Array).slice() };
    moved.data[5 * SIDE + 7] += 1;
    const other = await evaluate(outputs, { ...feeds, source: moved, ...weights });
    const differing = values(one.look)
      .slice(0, SIDE * SIDE)
      .flatMap((value, pixel) => (value === values(other.look)[pixel] ? [] : [pixel]));
    const [columns, rows] = [
      differing.map((pixel) => pixel % SIDE),
      differing.map((pixel) => Math.floor(pixel / SIDE)),
    ];
    // Its square has the columns and rows 4 to 7, and those beside are seen, too.
    expect([Math.min(...columns), Math.max(...columns)]).toEqual([3, 8]);
    expect([Math.min(...rows), Math.max(...rows)]).toEqual([3, 8]);
    expect(values(other.odds)).toEqual(values(one.odds));

    const said = await evaluate(outputs, { ...feeds, embeddings: normals([1, 3, 4], 3), ...weights });
    expect(values(said.look)).not.toEqual(values(one.look));
    expect(values(said.odds)).not.toEqual(values(one.odds));
  });
});

it("counts the pictures in which a look is asked for, and of all whether one is", async () => {
  const shape = [2, 3, 1, 2];
  const [look, target, odds] = [normals(shape, 1), normals(shape, 2), normals([2, 1], 3)];
  const isLook = hostArray("float32", [2, 1], [0, 1]);
  const restyled = { look: input("look", "float32", shape), odds: input("odds", "float32", [2, 1]) };
  const loss = lookLoss(restyled, input("target", "float32", shape), input("isLook", "float32", [2, 1]));
  const { result } = await evaluate({ result: loss }, { look, target, odds, isLook });
  const off = [6, 7, 8, 9, 10, 11].map((i) => Math.hypot(values(look)[i] - values(target)[i], 0.1) - 0.1);
  const unlikely = (Math.log1p(Math.exp(values(odds)[0])) + Math.log1p(Math.exp(-values(odds)[1]))) / 2;
  expect(values(result)[0]).toBeCloseTo(off.reduce((a, b) => a + b) / 6 + unlikely, 5);
});
