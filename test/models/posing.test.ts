import { describe, expect, it } from "vitest";
import { POSE_SIDE, poseThing } from "../../src/models/posing.ts";
import { wholePrompts } from "../../src/models/prompt-reading.ts";
import { Scope } from "../../src/nn/scope.ts";
import { hostArray } from "../../src/tensor/dtype.ts";
import { input } from "../../src/tensor/index.ts";
import { evaluate } from "../tensor/evaluate.ts";
import { tinyConfig } from "./tiny.ts";
import { normals, startWeights } from "./weights.ts";

describe("poseThing", () => {
  const scope = Scope.root();
  const posed = poseThing(scope, tinyConfig, {
    source: input("source", "float32", [1, 3, 16, 16]),
    share: input("share", "float32", [1, 1, 16, 16]),
    vision: input("vision", "float32", [1, 4, 6]),
    prompt: wholePrompts(input("embeddings", "float32", [1, 5, 6])),
  });
  const weights = startWeights(scope, 3);
  /** How much is the thing's: all of the picture's left half, or nothing. */
  const left = hostArray(
    "float32",
    [1, 1, 16, 16],
    Array.from({ length: 256 }, (_, pixel) => (pixel % 16 < 8 ? 1 : 0)),
  );
  const feeds = {
    source: normals([1, 3, 16, 16], 1),
    share: left,
    vision: normals([1, 4, 6], 2),
    embeddings: normals([1, 5, 6], 3),
  };
  const run = async (changes: object) => {
    const { pixels, odds } = await evaluate({ ...posed }, { ...feeds, ...changes, ...weights });
    return [...pixels.data, ...odds.data].map(Number);
  };
  /** Numbers of which those at some places are changed. */
  const changed = (name: "source" | "vision", isAt: (i: number) => boolean) => {
    const { shape, data } = feeds[name];
    return {
      [name]: hostArray(
        "float32",
        shape as number[],
        Array.from(data as Float32Array, (x, i) => (isAt(i) ? 2 : x)),
      ),
    };
  };

  it("draws colors and an outline in a square of its own", () => {
    expect(posed.pixels.shape).toEqual([1, 3, POSE_SIDE, POSE_SIDE]);
    expect(posed.odds.shape).toEqual([1, 1, POSE_SIDE, POSE_SIDE]);
  });

  it("is told by the instruction, and by what is seen of the thing alone", async () => {
    const one = await run({});
    expect(one.every(Number.isFinite)).toBe(true);
    expect(await run({ embeddings: normals([1, 5, 6], 4) })).not.toEqual(one);
    // Pixels, and the tower's two by two patches, on the left and on the right.
    expect(await run(changed("source", (i) => i % 16 === 3))).not.toEqual(one);
    expect(await run(changed("source", (i) => i % 16 === 13))).toEqual(one);
    expect(await run(changed("vision", (i) => Math.floor(i / 6) % 2 === 0))).not.toEqual(one);
    expect(await run(changed("vision", (i) => Math.floor(i / 6) % 2 === 1))).toEqual(one);
  });

  it("draws where nothing was found, too", async () => {
    const none = await run({ share: hostArray("float32", [1, 1, 16, 16], new Array(256).fill(0)) });
    expect(none.every(Number.isFinite)).toBe(true);
  });
});
