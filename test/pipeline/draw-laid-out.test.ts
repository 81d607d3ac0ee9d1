import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type GenerateOptions, UniPic } from "../../src/index.ts";
import { tinyLayoutConfig, tinyWordedConfig, writeTinyModel } from "../helpers/tiny-model.ts";

const WORDS = "a red car, a blue dog and a red dog in the snow";
const OPTIONS = { seed: 3, steps: 2, rounds: 2 };

describe("a model that lays out prompts", () => {
  let folder: string;
  let model: UniPic;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "unipic-"));
    await writeTinyModel(folder, { config: tinyLayoutConfig, seed: 1 });
    model = await UniPic.load(folder, { threads: 1 });
  });

  afterAll(async () => {
    await model.release();
    await rm(folder, { recursive: true, force: true });
  });

  /** These weights find three things in these words. */
  const draw = (options: GenerateOptions = {}) => model.generate(WORDS, { ...OPTIONS, ...options });

  it("draws more than the prompt, and only the prompt where it is told so", async () => {
    const progress: number[] = [];
    const count = async (options: GenerateOptions) => {
      progress.length = 0;
      const [picture] = await draw({ ...options, onProgress: ({ done }) => progress.push(done) });
      expect(progress).toEqual([...progress].sort((a, b) => a - b));
      expect([progress[0], progress.at(-1)]).toEqual([0, 1]);
      return { picture, told: progress.length };
    };
    const [laidOut, atOnce] = [await count({}), await count({ layout: false })];
    // Two rounds of two steps and the end, of the whole and of all things together.
    expect([laidOut.told, atOnce.told]).toEqual([10, 5]);
    expect(laidOut.picture.data).not.toEqual(atOnce.picture.data);
  });

  it("gives the same picture for the same seed, and for each of several as for it alone", async () => {
    const together = await draw({ count: 2 });
    const [alone] = await draw({ seed: 4 });
    expect(together[1].data).toEqual(alone.data);
    expect(together[0].data).not.toEqual(alone.data);
  });

  it("draws prompts of one thing beside it as ever", async () => {
    const one = "red";
    const [laidOut, plain] = await model.generate([WORDS, one], OPTIONS);
    expect(laidOut.data).toEqual((await draw())[0].data);
    const [alone] = await model.generate(one, { ...OPTIONS, seed: 4, layout: false });
    expect(plain.data).toEqual(alone.data);
  });

  it("shows previews of the whole alone, as many as pictures were asked for", async () => {
    const shown: number[] = [];
    await draw({ count: 2, onPreview: ({ pictures }) => void shown.push(pictures.length) });
    expect(shown).toEqual([2]);
  });

  it("can be stopped while it draws its things", async () => {
    const stop = new AbortController();
    const drawing = draw({
      signal: stop.signal,
      onProgress: ({ done }) => done > 0.5 && stop.abort(new Error("enough")),
    });
    await expect(drawing).rejects.toThrow("enough");
  });
});

it("takes no part in a model without layouts", async () => {
  const folder = await mkdtemp(join(tmpdir(), "unipic-"));
  try {
    await writeTinyModel(folder, { config: tinyWordedConfig, seed: 1 });
    const model = await UniPic.load(folder, { threads: 1 });
    const [one, other] = [
      await model.generate(WORDS, OPTIONS),
      await model.generate(WORDS, { ...OPTIONS, layout: false }),
    ];
    await model.release();
    expect(one[0].data).toEqual(other[0].data);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
