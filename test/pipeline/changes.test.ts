import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type EditOptions, UniPic } from "../../src/index.ts";
import { CHANGE_NUMBERS, type ChangeNumber } from "../../src/models/changing.ts";
import { noisePicture } from "../helpers/noise-picture.ts";
import { tinyChangingConfig, writeTinyModel } from "../helpers/tiny-model.ts";

const source = noisePicture(1);
/** What is said of every token: what is named is so for certain, and nothing else. */
const saying = (...names: ChangeNumber[]) => ({
  "changes.words.vote.weight": 0,
  "changes.words.vote.bias": CHANGE_NUMBERS.map((name) => (names.includes(name) ? 1 : -1)),
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

  /** A model that says the same of every token, and takes a look for asked for, or not. */
  async function load(names: ChangeNumber[], isLook = false): Promise<UniPic> {
    const own = join(folder, `${names} ${isLook}`);
    const fill = { ...saying(...names), "changes.look.asked.weight": 0, "changes.look.asked.bias": isLook ? 5 : -5 };
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
    const { pictures, told } = await edit(await load(["isThing", "recolors", "mirrors", "restStays"]), { count: 2 });
    expect(told).toBe(1);
    expect(pictures).toHaveLength(2);
    expect(pictures[0].data).not.toEqual(source.data);
    expect(pictures[1].data).toEqual(pictures[0].data);
    expect(pictures[1].data).not.toBe(pictures[0].data);
  });

  it.each([
    ["takes the place of what goes", ["isThing", "goes"]],
    ["is put beside something", ["isBeside"]],
    ["is put beside nothing", []],
  ] as const)("draws something new alone that %s, another for every seed", async (_, names) => {
    const model = await load([...names, "isNew", "restStays"]);
    const { pictures, told } = await edit(model, { count: 2 });
    // Four rounds of two steps, the end of drawing, and that of the edit.
    expect(told).toBe(10);
    const [alone] = (await edit(model, { seed: 4 })).pictures;
    expect(pictures[1].data).toEqual(alone.data);
  });

  it("leaves all as it is around what is put in", async () => {
    const [picture] = (await edit(await load(["isNew", "isBeside", "restStays"]))).pictures;
    const same = Array.from(picture.data).filter((level, i) => level === source.data[i]).length;
    expect(same).toBeGreaterThan(0.3 * source.data.length);
    expect(same).toBeLessThan(source.data.length);
  });

  it("draws something new, and then the rest where not all stays", async () => {
    const model = await load(["isNew"]);
    const { pictures, told } = await edit(model, { count: 2 });
    // Four rounds of two steps and the end of what is new, two of the rest and its end.
    expect(told).toBe(14);
    expect(pictures[0].data).not.toEqual(pictures[1].data);
    expect((await edit(model, { count: 2 })).pictures.map(({ data }) => data)).toEqual(
      pictures.map(({ data }) => data),
    );
  });

  it("draws nothing where the whole is to have another look, whatever is named", async () => {
    const { pictures, told } = await edit(await load(["isThing", "isNew", "restStays"], true), { count: 2 });
    expect(told).toBe(1);
    const [alone] = (await edit(await load([], true), { seed: 9 })).pictures;
    expect(pictures.map(({ data }) => data)).toEqual([alone.data, alone.data]);
  });

  it("draws an edit in which nothing is named as ever", async () => {
    const { told } = await edit(await load([]));
    // Two rounds of two steps, and the end.
    expect(told).toBe(5);
  });

  it("can be stopped before it begins and while it draws what is new, and refuses what is out of range", async () => {
    const [changing, bringing] = await Promise.all([
      load(["isThing", "goes", "restStays"]),
      load(["isNew", "restStays"]),
    ]);
    const signal = AbortSignal.abort(new Error("enough"));
    await expect(edit(changing, { signal })).rejects.toThrow("enough");
    await expect(edit(bringing, { signal })).rejects.toThrow("enough");
    const stop = new AbortController();
    const onProgress = () => stop.abort(new Error("that will do"));
    const started = bringing.edit(source, "add a car", { ...SETTINGS, signal: stop.signal, onProgress });
    await expect(started).rejects.toThrow("that will do");
    await expect(edit(changing, { rounds: 99 })).rejects.toThrow(/rounds must be a whole number/);
    await expect(edit(changing, { count: 0 })).rejects.toThrow(/count must be/);
  });
});
