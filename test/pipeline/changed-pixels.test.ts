import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type EditOptions, UniPic } from "../../src/index.ts";
import { noisePicture } from "../helpers/noise-picture.ts";
import { tinyChangingConfig, writeTinyModel } from "../helpers/tiny-model.ts";

const source = noisePicture(1);
const CHANGE = "mar.source_pixels.change";
/** Biases of what is said of every token, in the order of `CHANGE_NUMBERS`; nothing else is said. */
const saying = (value: number) => ({
  [`${CHANGE}.words.vote.weight`]: 0,
  [`${CHANGE}.words.vote.bias`]: value,
});
const SETTINGS = { seed: 3, steps: 2, rounds: 2 };

describe("a model that changes things in their places", () => {
  let folder: string;
  const models: UniPic[] = [];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "unipic-"));
  });

  afterAll(async () => {
    await Promise.all(models.map((model) => model.release()));
    await rm(folder, { recursive: true, force: true });
  });

  /** A model that takes every token for one that names something with all changes there are, or none for any; and a look for asked for, or not. */
  async function load(isSure: boolean, isNew: boolean, isLook = false): Promise<UniPic> {
    const own = join(folder, `${isSure} ${isNew} ${isLook}`);
    const words = "mar.source_pixels.words.vote";
    const fill = {
      ...saying(isSure ? 1 : -1),
      [`${words}.weight`]: 0,
      [`${words}.bias`]: isNew ? 5 : -5,
      [`${CHANGE}.look.asked.weight`]: 0,
      [`${CHANGE}.look.asked.bias`]: isLook ? 5 : -5,
    };
    await writeTinyModel(own, { config: tinyChangingConfig, fill });
    const model = await UniPic.load(own, { threads: 1 });
    models.push(model);
    return model;
  }
  /** The result of an edit, and how often it told how far it was. */
  async function edit(model: UniPic, options: EditOptions = {}) {
    const done: number[] = [];
    const onProgress = (progress: { done: number }) => void done.push(progress.done);
    const pictures = await model.edit(source, "make the car blue", { ...SETTINGS, onProgress, ...options });
    expect(done).toEqual([...done].sort((a, b) => a - b));
    expect(done.at(-1)).toBe(1);
    return { pictures, told: done.length };
  }

  it("draws nothing where all else stays, and gives as many results as are asked for", async () => {
    const { pictures, told } = await edit(await load(true, false), { count: 2 });
    expect(told).toBe(1);
    expect(pictures).toHaveLength(2);
    expect(pictures[0].data).not.toEqual(source.data);
    expect(pictures[1].data).toEqual(pictures[0].data);
    expect(pictures[1].data).not.toBe(pictures[0].data);
  });

  it("draws something new alone where it takes the place of what goes, another for every seed", async () => {
    const model = await load(true, true);
    const { pictures, told } = await edit(model, { count: 2 });
    // Four rounds of two steps, the end of drawing, and that of the edit.
    expect(told).toBe(10);
    const [alone] = (await edit(model, { seed: 4 })).pictures;
    expect(pictures[1].data).toEqual(alone.data);
  });

  it("draws nothing where the whole is to have another look, whatever is named", async () => {
    const { pictures, told } = await edit(await load(true, true, true), { count: 2 });
    expect(told).toBe(1);
    const [alone] = (await edit(await load(false, false, true), { seed: 9 })).pictures;
    expect(pictures.map(({ data }) => data)).toEqual([alone.data, alone.data]);
  });

  it("draws an edit in which nothing is named as ever", async () => {
    const { told } = await edit(await load(false, false));
    // Two rounds of two steps, and the end.
    expect(told).toBe(5);
  });

  it("can be stopped before it begins, and refuses what is out of range", async () => {
    const model = await load(true, false);
    const signal = AbortSignal.abort(new Error("enough"));
    await expect(edit(model, { signal })).rejects.toThrow("enough");
    await expect(edit(model, { rounds: 99 })).rejects.toThrow(/rounds must be a whole number/);
    await expect(edit(model, { count: 0 })).rejects.toThrow(/count must be/);
  });
});
