import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type DrawPreview,
  type DrawProgress,
  type EditOptions,
  type GenerateOptions,
  type Picture,
  UniPic,
  UserError,
} from "../../src/index.ts";
import { noisePicture } from "../helpers/noise-picture.ts";
import { tinyChangingConfig, tinyWordedConfig, writeTinyModel } from "../helpers/tiny-model.ts";

let folder: string;
let model: UniPic;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "unipic-"));
  await writeTinyModel(folder);
  model = await UniPic.load(folder, { threads: 1 });
});

afterAll(async () => {
  await model.release();
  await rm(folder, { recursive: true, force: true });
});

const draw = (prompt: string | string[], options: GenerateOptions = {}) =>
  model.generate(prompt, { steps: 3, ...options });

/** Equal up to one level: sums of floats may come out differently in a larger batch. */
function expectAlike(got: Picture, expected: Picture): void {
  expect([got.width, got.height]).toEqual([expected.width, expected.height]);
  const furthest = got.data.reduce((most, level, i) => Math.max(most, Math.abs(level - expected.data[i])), 0);
  expect(furthest).toBeLessThanOrEqual(1);
}

const isSame = (a: Picture, b: Picture): boolean => Buffer.from(a.data).equals(b.data);

describe("generate", () => {
  it("gives the same picture for the same seed, another for another seed and another prompt", async () => {
    const [first] = await draw("a red car", { seed: 4 });
    expect([first.width, first.height]).toEqual([16, 16]);
    expect(isSame((await draw("a red car", { seed: 4 }))[0], first)).toBe(true);
    expect(isSame((await draw("a red car", { seed: 5 }))[0], first)).toBe(false);
    expect(isSame((await draw("a blue dog in the snow", { seed: 4 }))[0], first)).toBe(false);
  });

  it("listens to every option", async () => {
    const [plain] = await draw("a red car");
    const others: GenerateOptions[] = [
      { steps: 5 },
      { rounds: 1 },
      { guidance: 1 },
      { guidance: 6 },
      { guidanceSchedule: "linear" },
      { temperature: 0.5 },
      { sampler: "ddim" },
      { sampler: "dpm++" },
      { steps: [3, 1] },
      { guidanceInterval: [0, 0.5] },
      { conditionCache: true, cacheRefresh: 2 },
      { preset: "fast" },
    ];
    for (const option of others) {
      const [other] = await draw("a red car", option);
      expect(isSame(other, plain), JSON.stringify(option)).toBe(false);
    }
  });

  it("draws with both caches, the same again", async () => {
    const options: GenerateOptions = { size: 32, tokenCache: 0.5, conditionCache: true, cacheRefresh: 3, rounds: 8 };
    const [first] = await draw("a red car", options);
    expect(isSame((await draw("a red car", options))[0], first)).toBe(true);
    expect(isSame((await draw("a red car", { ...options, tokenCache: 0 }))[0], first)).toBe(false);
  });

  it("takes from a preset what is not said", async () => {
    const [fast] = await draw("a red car", { preset: "fast" });
    const [exact] = await draw("a red car");
    expect(isSame((await draw("a red car", { preset: "exact" }))[0], exact)).toBe(true);
    const said = { preset: "fast", sampler: "ancestral", guidanceInterval: [0, 1], conditionCache: false } as const;
    const [undone] = await draw("a red car", { ...said, tokenCache: 0, rounds: 4 });
    expect(isSame(undone, exact)).toBe(true);
    expect(isSame(fast, exact)).toBe(false);
  });

  it.each([1, 3])("gives several pictures as each comes alone, with guidance %d", async (guidance) => {
    const together = await draw(["a red car", "a blue dog in the snow"], { count: 2, seed: 7, guidance });
    expect(together).toHaveLength(4);
    for (const [i, prompt] of [
      "a red car",
      "a red car",
      "a blue dog in the snow",
      "a blue dog in the snow",
    ].entries()) {
      expectAlike(together[i], (await draw(prompt, { seed: 7 + i, guidance }))[0]);
    }
  });

  it("draws more pictures than fit together", async () => {
    const options = { count: 18, seed: 2, steps: 1, rounds: 1 };
    const pictures = await draw("a red car", options);
    expect(pictures).toHaveLength(18);
    expectAlike(pictures[17], (await draw("a red car", { ...options, count: 1, seed: 19 }))[0]);
  });

  it("draws sizes other than its own", async () => {
    const [wide] = await draw("a red car", { size: [32, 8] });
    expect([wide.width, wide.height]).toEqual([32, 8]);
    const [large] = await draw("a red car", { size: 24 });
    expect([large.width, large.height]).toEqual([24, 24]);
  });

  it("tells of its progress, always forward and up to the end", async () => {
    const seen: DrawProgress[] = [];
    await draw("a red car", { rounds: 3, count: 17, onProgress: (progress) => seen.push(progress) });
    const shares = seen.map(({ done }) => done);
    expect(shares.length).toBeGreaterThan(10);
    expect(shares[0]).toBe(0);
    expect(shares.at(-1)).toBe(1);
    for (let i = 1; i < shares.length; i++) expect(shares[i]).toBeGreaterThanOrEqual(shares[i - 1]);
    expect(seen.every(({ round, rounds }) => round >= 0 && round <= rounds)).toBe(true);
    expect(seen[0].secondsLeft).toBeUndefined();
    for (const { secondsLeft } of seen.slice(1, 5)) expect(secondsLeft).toBeGreaterThanOrEqual(0);
  });

  it("shows pictures as they come between rounds, which changes nothing about them", async () => {
    const seen: DrawPreview[] = [];
    let isShowing = false;
    const options = { rounds: 4, count: 17 };
    const pictures = await draw("a red car", {
      ...options,
      onProgress: () => expect(isShowing).toBe(false),
      onPreview: async (preview) => {
        isShowing = true;
        await new Promise((resolve) => setImmediate(resolve));
        seen.push(preview);
        isShowing = false;
      },
    });
    expect(seen.map(({ round, first, pictures: { length } }) => [round, first, length])).toEqual([
      ...[1, 2, 3].map((round) => [round, 0, 16]),
      ...[1, 2, 3].map((round) => [round, 16, 1]),
    ]);
    expect(seen.every(({ rounds, pictures: [{ width }] }) => rounds === 4 && width === 16)).toBe(true);
    expect(isSame(seen[0].pictures[0], seen[2].pictures[0])).toBe(false);
    expect(pictures.map(({ data }) => data)).toEqual((await draw("a red car", options)).map(({ data }) => data));
  });

  it("shows pictures after some rounds only, and stops when showing fails", async () => {
    const rounds: number[] = [];
    const onPreview = ({ round }: DrawPreview) => {
      rounds.push(round);
    };
    await draw("a red car", { rounds: 4, previewEvery: 2, onPreview });
    expect(rounds).toEqual([2]);
    const fails = () => Promise.reject(new Error("no room"));
    await expect(draw("a red car", { onPreview: fails })).rejects.toThrow("no room");
    await expect(draw("a red car", { previewEvery: 0 })).rejects.toThrow(/previewEvery must be/);
  });

  it("stops when the signal fires", async () => {
    const stop = new AbortController();
    const reason = new Error("enough");
    let calls = 0;
    const drawing = draw("a red car", {
      signal: stop.signal,
      onProgress: () => {
        calls++;
        stop.abort(reason);
      },
    });
    await expect(drawing).rejects.toBe(reason);
    expect(calls).toBe(1);
  });

  it.each<[string, string | string[], GenerateOptions, RegExp]>([
    ["an empty prompt", " \n", {}, /prompt is empty/],
    ["an empty one among several", ["a car", ""], {}, /prompt is empty/],
    ["a token of the model's own", "a <image> car", {}, /<image>/],
    ["a size off the grid", "a car", { size: 20 }, /multiple of 8 pixels, such as 16, not 20/],
    ["no size", "a car", { size: [16, 0] }, /not 0/],
    ["a size too large", "a car", { size: 8192 }, /too large/],
    ["too many pictures", "a car", { count: 65 }, /count must be a whole number from 1 to 64/],
    ["half a picture", "a car", { count: 1.5 }, /count must be/],
    ["more rounds than tokens", "a car", { rounds: 5 }, /rounds must be a whole number from 1 to 4/],
    ["no steps", "a car", { steps: 0 }, /steps must be/],
    ["guidance under 1", "a car", { guidance: 0.5 }, /guidance must be/],
    ["guidance that is no number", "a car", { guidance: Number.NaN }, /guidance must be/],
    ["no temperature", "a car", { temperature: 0 }, /temperature must be/],
    ["an unknown preset", "a car", { preset: "quick" as "fast" }, /preset must be one of exact, fast, not "quick"/],
    ["an unknown sampler", "a car", { sampler: "euler" as "ddim" }, /sampler must be one of ancestral, ddim, dpm\+\+/],
    ["annealing to no steps", "a car", { steps: [5, 0] }, /steps must be a whole number from 1 to 1000, not 0/],
    ["three numbers of steps", "a car", { steps: [5, 4, 3] as never }, /steps must be a number, or two/],
    ["an interval that ends before it starts", "a car", { guidanceInterval: [0.8, 0.1] }, /not \[0.8, 0.1\]/],
    ["an interval beyond the last round", "a car", { guidanceInterval: [0, 2] }, /guidanceInterval must be two shares/],
    ["an interval of no numbers", "a car", { guidanceInterval: [Number.NaN, 1] }, /guidanceInterval must be/],
    ["a cache of all tokens", "a car", { tokenCache: 1 }, /tokenCache must be a number from 0 to 0.95, not 1/],
    ["half a refresh", "a car", { cacheRefresh: 1.5 }, /cacheRefresh must be a whole number from 1 to 1000/],
    ["a negative seed", "a car", { seed: -1 }, /seed must be/],
  ])("refuses %s", async (_, prompt, options, sentence) => {
    const failure = await draw(prompt, options).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(UserError);
    expect((failure as UserError).message).toMatch(sentence);
  });
});

describe("edit", () => {
  it("depends on picture, instruction and seed alone", async () => {
    const source = noisePicture(1, 20, 30);
    const edit = async (of: Picture, instruction: string, seed: number) =>
      (await model.edit(of, instruction, { seed, steps: 3 }))[0];
    const first = await edit(source, "make it red", 3);
    expect([first.width, first.height]).toEqual([16, 16]);
    expect(isSame(await edit(source, "make it red", 3), first)).toBe(true);
    expect(isSame(await edit(source, "make it red", 4), first)).toBe(false);
    expect(isSame(await edit(noisePicture(2), "make it red", 3), first)).toBe(false);
    expect(isSame(await edit(source, "put it in the snow", 3), first)).toBe(false);
  });

  it("gives several results as each comes alone", async () => {
    const source = noisePicture(1);
    const [, second] = await model.edit(source, "make it red", { seed: 3, count: 2, steps: 3 });
    expectAlike(second, (await model.edit(source, "make it red", { seed: 4, steps: 3 }))[0]);
  });

  it("reuses nothing with caches that are refreshed in every round", async () => {
    const source = noisePicture(1);
    const [exact] = await model.edit(source, "make it red", { seed: 3, steps: 3 });
    const caches = { tokenCache: 0.5, conditionCache: true };
    const [cached] = await model.edit(source, "make it red", { seed: 3, steps: 3, ...caches, cacheRefresh: 1 });
    expectAlike(cached, exact);
    const [fast] = await model.edit(source, "make it red", { seed: 3, preset: "fast", ...caches, cacheRefresh: 4 });
    expect(isSame(fast, exact)).toBe(false);
  });

  it("looks by the vision tower, where the model's edits do, and needs weights for it then", async () => {
    const edit = async (options: Parameters<typeof writeTinyModel>[1]) => {
      const own = join(folder, "own");
      await writeTinyModel(own, options);
      const other = await UniPic.load(own, { threads: 1 });
      try {
        return (await other.edit(noisePicture(1), "make it red", { seed: 3, steps: 3 }))[0];
      } finally {
        await other.release();
        await rm(own, { recursive: true });
      }
    };
    const config = { ...tinyWordedConfig, editing_vision: true };
    const isTower = (name: string) => name.startsWith("siglip2");
    const blind = await edit({});
    expect(isSame(await edit({ config }), blind)).toBe(false);
    expect(isSame(await edit({ leaveOut: isTower }), blind)).toBe(true);
    await expect(edit({ config, leaveOut: isTower })).rejects.toThrow(/siglip2/);
    const isLook = (name: string) => name.startsWith("changes.look");
    expect((await edit({ config: tinyChangingConfig })).width).toBe(16);
    await expect(edit({ config: tinyChangingConfig, leaveOut: isLook })).rejects.toThrow(/changes\.look/);
  });

  it("is as varied, and in as many rounds, as the model's folder says where a call says nothing", async () => {
    const own = join(folder, "own");
    await writeTinyModel(own);
    const file = join(own, "generation_config.json");
    const said = JSON.parse(await readFile(file, "utf8"));
    await writeFile(file, JSON.stringify({ ...said, edit_temperature: 0.3, edit_rounds: 2 }));
    const other = await UniPic.load(own, { threads: 1 });
    const edit = async (options: EditOptions) =>
      (await other.edit(noisePicture(1), "make it red", { seed: 3, steps: 3, ...options }))[0];
    const result = await edit({});
    expect(isSame(result, await edit({ temperature: 0.3, rounds: 2 }))).toBe(true);
    expect(isSame(result, await edit({ temperature: 1 }))).toBe(false);
    expect(isSame(result, await edit({ rounds: 4 }))).toBe(false);
    await other.release();
    await rm(own, { recursive: true });
  });

  it("refuses an empty instruction", async () => {
    await expect(model.edit(noisePicture(1), "")).rejects.toThrow(/instruction is empty/);
  });
});

describe("describe", () => {
  it("streams what it returns", async () => {
    const pieces: string[] = [];
    const answer = await model.describe(noisePicture(1), "what?", {
      maxTokens: 12,
      onText: (piece) => pieces.push(piece),
    });
    expect(answer.length).toBeGreaterThan(0);
    expect(pieces.join("")).toBe(answer);
    expect(pieces).not.toContain("");
  });

  it("says the same without a temperature, and by its seed with one", async () => {
    const ask = (seed: number, temperature: number) =>
      model.describe(noisePicture(1), "what?", { maxTokens: 12, seed, temperature });
    expect(await ask(1, 0)).toBe(await ask(2, 0));
    expect(await ask(1, 1)).toBe(await ask(1, 1));
    expect(await ask(1, 1)).not.toBe(await ask(2, 1));
  });

  it("ends at the most tokens", async () => {
    const ask = (maxTokens: number) => model.describe(noisePicture(1), "what?", { maxTokens, temperature: 2, seed: 5 });
    const [short, long] = [await ask(2), await ask(9)];
    expect(long.length).toBeGreaterThan(short.length);
  });

  it("stops when the signal fires", async () => {
    const stop = new AbortController();
    const answering = model.describe(noisePicture(1), "what?", {
      signal: stop.signal,
      temperature: 1,
      onText: () => stop.abort(new Error("enough")),
    });
    await expect(answering).rejects.toThrow("enough");
  });

  it("refuses an empty question and options out of range", async () => {
    await expect(model.describe(noisePicture(1), " ")).rejects.toThrow(/question is empty/);
    await expect(model.describe(noisePicture(1), "what?", { maxTokens: 0 })).rejects.toThrow(/maxTokens must be/);
    await expect(model.describe(noisePicture(1), "what?", { topP: 2 })).rejects.toThrow(/topP must be/);
  });

  it("looks through the encoder where there is no vision tower", async () => {
    const blind = join(folder, "no-tower");
    await writeTinyModel(blind, { leaveOut: (name) => name.startsWith("siglip2") });
    const other = await UniPic.load(blind, { threads: 1 });
    const answer = await other.describe(noisePicture(1), "what?", { maxTokens: 8, temperature: 1 });
    expect(answer.length).toBeGreaterThan(0);
    await other.release();
  });
});

describe("loading", () => {
  it("refuses a folder that is no model", async () => {
    await expect(UniPic.load(join(folder, "none"))).rejects.toThrow(/no model folder/);
  });

  it("names the weights that a task lacks, and does the others", async () => {
    const part = join(folder, "part");
    await writeTinyModel(part, { leaveOut: (name) => name.startsWith("siglip2.vision_model.post_layernorm") });
    const other = await UniPic.load(part, { threads: 1 });
    await expect(other.describe(noisePicture(1))).rejects.toThrow(
      /lacks 2 tensors: siglip2\.vision_model\.post_layernorm/,
    );
    expect(await other.generate("a red car", { steps: 1 })).toHaveLength(1);
    await other.release();
  });
});
