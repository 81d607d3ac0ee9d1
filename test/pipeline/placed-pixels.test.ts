import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type EditOptions, type Picture, UniPic } from "../../src/index.ts";
import { withNewThing } from "../../src/pipeline/kept-pixels.ts";
import type { Runnable } from "../../src/runtime/program.ts";
import { hostArray } from "../../src/tensor/dtype.ts";
import { noisePicture } from "../helpers/noise-picture.ts";
import { tinyPlacingConfig, writeTinyModel } from "../helpers/tiny-model.ts";

const SIZE = 16;
const source = noisePicture(1);
/** A white square of 8x8 pixels on black. */
const thing = (): Picture => {
  const square = noisePicture(2);
  for (let pixel = 0; pixel < SIZE * SIZE; pixel++) {
    const [x, y] = [pixel % SIZE, Math.floor(pixel / SIZE)];
    square.data.fill(x >= 4 && x < 12 && y >= 4 && y < 12 ? 255 : 0, pixel * 3, pixel * 3 + 3);
  }
  return square;
};

describe("withNewThing", () => {
  const one = hostArray("float32", [1], [0]);
  const red = noisePicture(3);
  for (let at = 0; at < red.data.length; at += 3) red.data.set([250, 0, 0], at);
  /** Where a result becomes white whose new thing is to go to a box. */
  async function whiteAt(
    box: readonly number[],
    things?: readonly Picture[],
    number = 0,
  ): Promise<number[] | "as it was"> {
    const run = async () => ({ box: hostArray("float32", [1, 4], box) });
    const placing = { things, program: { run } as unknown as Runnable };
    const { data } = await withNewThing({ pixels: one, placing }, one, red, number);
    const white = Array.from({ length: SIZE * SIZE }, (_, pixel) => pixel).filter((pixel) => data[pixel * 3 + 2] > 200);
    if (white.length === 0) return "as it was";
    const [columns, rows] = [white.map((pixel) => pixel % SIZE), white.map((pixel) => Math.floor(pixel / SIZE))];
    return [Math.min(...columns), Math.min(...rows), Math.max(...columns), Math.max(...rows)];
  }
  const box = [0.5, 0.5, 0.75, 1];

  it("puts a new thing where the model says, as large as the longer side and on the bottom", async () => {
    expect(await whiteAt(box, [thing()])).toEqual([6, 8, 13, 15]);
  });

  it("takes the thing of that result, of several", async () => {
    const empty = thing();
    empty.data.fill(7);
    expect(await whiteAt(box, [empty, thing()], 1)).toEqual([6, 8, 13, 15]);
    expect(await whiteAt(box, [empty, thing()], 0)).toBe("as it was");
  });

  it("leaves a result as it was where nothing is new", async () => {
    expect(await whiteAt(box)).toBe("as it was");
  });
});

describe("a model that puts things in their places", () => {
  let folder: string;
  let model: UniPic;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "unipic-"));
    await writeTinyModel(folder, { config: tinyPlacingConfig });
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
