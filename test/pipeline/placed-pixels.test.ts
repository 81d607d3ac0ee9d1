import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type EditOptions, type Picture, UniPic } from "../../src/index.ts";
import { keepPixels, type PlacingSource } from "../../src/pipeline/kept-pixels.ts";
import type { Runnable } from "../../src/runtime/program.ts";
import type { Value } from "../../src/runtime/values.ts";
import { hostArray } from "../../src/tensor/dtype.ts";
import { noisePicture } from "../helpers/noise-picture.ts";
import { HALF_PLACED, tinyPlacingConfig, writeTinyModel } from "../helpers/tiny-model.ts";

const SIZE = 16;
const AREA = SIZE * SIZE;
const source = noisePicture(1);
/** A white square of 8x8 pixels on black. */
const thing = (): Picture => {
  const square = noisePicture(2);
  for (let pixel = 0; pixel < AREA; pixel++) {
    const [x, y] = [pixel % SIZE, Math.floor(pixel / SIZE)];
    square.data.fill(x >= 4 && x < 12 && y >= 4 && y < 12 ? 255 : 0, pixel * 3, pixel * 3 + 3);
  }
  return square;
};

/** What a model's program is given of what was put in its place, where the other one says so. */
async function placedFor(
  placing: readonly number[],
  things?: PlacingSource["things"],
  number = 0,
): Promise<Float32Array> {
  const one = hostArray("float32", [1], [0]);
  let placed: Value = one;
  const program = (run: (feeds: Record<string, Value>) => unknown) =>
    ({ run: async (feeds: Record<string, Value>) => run(feeds) }) as Runnable;
  await keepPixels(
    {
      pixels: one,
      program: program((feeds) => {
        placed = feeds.placed;
        return { pixels: one };
      }),
      placing: { source, things, program: program(() => ({ placing: hostArray("float32", [1, 10], placing) })) },
    },
    { drawn: one, token: one, condition: one, number },
  );
  return (placed as { data: Float32Array }).data;
}

/** Where something was put: its mark, and the box of all that is white, in pixels. */
function whereIn(planes: Float32Array) {
  const marks = [...new Set(planes.subarray(3 * AREA))].filter((mark) => mark !== 0);
  const white = Array.from({ length: AREA }, (_, pixel) => pixel).filter((pixel) => planes[pixel] > 0.5);
  const [columns, rows] = [white.map((pixel) => pixel % SIZE), white.map((pixel) => Math.floor(pixel / SIZE))];
  return { marks, box: [Math.min(...columns), Math.min(...rows), Math.max(...columns), Math.max(...rows)] };
}

describe("what an edit's result is put together with", () => {
  const [topLeft, bottomRight] = [
    [0, 0, 0.5, 0.5],
    [0.5, 0.5, 0.75, 1],
  ];

  it("is a new thing, cut out of its own picture and put where it is to be", async () => {
    const planes = await placedFor([...topLeft, ...bottomRight, -5, 5], [thing()]);
    // As large as the longer side of the box, in the middle of it and down to its bottom.
    expect(whereIn(planes)).toEqual({ marks: [1], box: [6, 8, 13, 15] });
  });

  it("is the thing of that result, of several", async () => {
    const small = thing();
    small.data.fill(0, 0, 8 * SIZE * 3);
    const planes = await placedFor([...topLeft, ...topLeft, -5, 5], [small, thing()], 1);
    expect(planes).toEqual(await placedFor([...topLeft, ...topLeft, -5, 5], [thing()]));
    expect(planes).not.toEqual(await placedFor([...topLeft, ...topLeft, -5, 5], [small, thing()]));
  });

  it("is nothing where nothing was drawn, or nothing goes anywhere", async () => {
    const empty = thing();
    empty.data.fill(7);
    const nothing = new Float32Array(4 * AREA);
    expect(await placedFor([...topLeft, ...bottomRight, 5, -5], [empty])).toEqual(nothing);
    expect(await placedFor([...topLeft, ...bottomRight, -0.1, 5])).toEqual(nothing);
  });

  it("is out of the source otherwise, mirrored where it turns", async () => {
    const [moved, turned] = await Promise.all([-1, 1].map((turns) => placedFor([...topLeft, ...topLeft, 1, turns])));
    expect(whereIn(moved).marks).toEqual([-1]);
    const red = (planes: Float32Array, x: number, y: number) => planes[y * SIZE + x];
    for (let y = 1; y < 7; y++) {
      for (let x = 1; x < 7; x++) expect(red(turned, x, y)).toBeCloseTo(red(moved, 7 - x, y), 5);
    }
  });
});

describe("a model that puts things in their places", () => {
  let folder: string;
  let model: UniPic;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "unipic-"));
    await writeTinyModel(folder, { config: tinyPlacingConfig, fill: HALF_PLACED });
    model = await UniPic.load(folder, { threads: 1 });
  });

  afterAll(async () => {
    await model.release();
    await rm(folder, { recursive: true, force: true });
  });

  const edit = (options: EditOptions = {}) =>
    model.edit(source, "add a red car", { seed: 3, steps: 3, rounds: 2, ...options });

  it("gives the same result for the same seed, and for each of several as for it alone", async () => {
    const together = await edit({ count: 2 });
    const [alone] = await edit({ seed: 4 });
    expect(together[1].data).toEqual(alone.data);
    expect(together[0].data).not.toEqual(alone.data);
    expect((await edit({ count: 2 })).map(({ data }) => data)).toEqual(together.map(({ data }) => data));
  });

  it("tells how far it is, once through, whether or not it draws something new first", async () => {
    for (const sure of [5, -5]) {
      const own = join(folder, `${sure}`);
      await writeTinyModel(own, {
        config: tinyPlacingConfig,
        fill: { "mar.source_pixels.words.vote.bias": sure, "mar.source_pixels.words.vote.weight": 0 },
      });
      const sureModel = await UniPic.load(own, { threads: 1 });
      const done: number[] = [];
      await sureModel.edit(source, "add a red car", {
        steps: 2,
        rounds: 2,
        onProgress: (progress) => done.push(progress.done),
      });
      await sureModel.release();
      expect(done).toEqual([...done].sort((a, b) => a - b));
      expect([done[0], done.at(-1)]).toEqual([0, 1]);
      // Two rounds of two steps and the end; before them four rounds of what is new, and its end.
      expect(done).toHaveLength(sure > 0 ? 5 + 9 : 5);
    }
  });

  it("can be stopped while it draws what is new", async () => {
    const aborted = AbortSignal.abort(new Error("enough"));
    await expect(edit({ signal: aborted })).rejects.toThrow("enough");
  });
});
