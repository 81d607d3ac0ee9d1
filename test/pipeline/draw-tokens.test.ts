import { afterAll, describe, expect, it } from "vitest";
import { tokenWidth } from "../../src/models/config.ts";
import { denoiseRound } from "../../src/pipeline/denoise-round.ts";
import { type DrawTokensOptions, drawTokens, type RoundResult } from "../../src/pipeline/draw-tokens.ts";
import { seededDraws } from "../../src/pipeline/draws.ts";
import { Programs } from "../../src/pipeline/programs.ts";
import { firstRows, readContexts } from "../../src/pipeline/read-prompts.ts";
import type { Engine } from "../../src/runtime/engine.ts";
import { nodeEngine } from "../../src/runtime/node.ts";
import type { Sampler } from "../../src/sampling/samplers.ts";
import { tinyConfig } from "../models/tiny.ts";
import { normals } from "../models/weights.ts";
import { randomWeights } from "./random-weights.ts";

/** Rows of the context that each round's program computed, and rows of conditions at each step of the head. */
const ran = { rounds: [] as number[], head: [] as number[] };

/** The engine, noting how many rows are asked of it. */
const counting: Engine = {
  async load(program, options) {
    const loaded = await nodeEngine.load(program, options);
    return {
      release: () => loaded.release(),
      run: (feeds, into) => {
        if (feeds.canvas) ran.rounds.push(feeds.canvas.shape[0]);
        if (feeds.timestep) ran.head.push(feeds.condition.shape[0]);
        return loaded.run(feeds, into);
      },
    };
  },
};

// Weak weights keep the random network's samples bounded, as training does with a real one.
const programs = new Programs(tinyConfig, randomWeights(0.15), counting, { device: "cpu", threads: 1 });
afterAll(() => programs.release());

const width = tokenWidth(tinyConfig.mar);
const prompts = [
  [3, 5, 7],
  [4, 6],
];
const twin = [4];

async function draw(rows: number[][], seeds: number[], changes: Partial<DrawTokensOptions> = {}) {
  const guided = changes.guided ?? false;
  const grid = changes.grid ?? ([2, 3] as const);
  const seen: RoundResult[] = [];
  ran.rounds.length = 0;
  ran.head.length = 0;
  const context = await readContexts(programs, guided ? [...rows, ...rows.map(() => twin)] : rows);
  const tokens = await drawTokens({
    config: tinyConfig,
    grid,
    pictures: rows.length,
    context,
    conditional: async () => firstRows(programs, context, rows.length),
    programs: {
      round: await (changes.tokenCache ? programs.splitRound(grid) : programs.round(grid)),
      denoise: programs.denoise(changes.sampler),
    },
    guided,
    guidance: 1,
    guidanceSchedule: "constant",
    rounds: 3,
    steps: "4",
    temperature: 1,
    draws: seededDraws(seeds),
    onRound: (round) => seen.push(round),
    ...changes,
  });
  return { tokens, seen };
}

function expectClose(got: ArrayLike<number>, expected: ArrayLike<number>): void {
  expect(got.length).toBe(expected.length);
  for (let i = 0; i < got.length; i++) expect(got[i]).toBeCloseTo(expected[i], 3);
}

describe("drawing tokens", () => {
  it("draws every token once, over all rounds, and the same again from the same seeds", async () => {
    const { tokens, seen } = await draw(prompts, [1, 2]);
    expect(tokens).toHaveLength(2 * 6 * width);
    expect(tokens.every((value) => Number.isFinite(value) && value !== 0)).toBe(true);
    expect(seen.reduce((total, { round }) => total + round.predicted, 0)).toBe(6);
    expect((await draw(prompts, [1, 2])).tokens).toEqual(tokens);
    expect((await draw(prompts, [1, 3])).tokens).not.toEqual(tokens);
  });

  it("gives a picture that does not depend on those drawn beside it", async () => {
    const { tokens } = await draw(prompts, [1, 2]);
    expectClose(tokens.subarray(0, 6 * width), (await draw(prompts.slice(0, 1), [1])).tokens);
    expectClose(tokens.subarray(6 * width), (await draw(prompts.slice(1), [2])).tokens);
  });

  it("with guidance of 1 is drawing without guidance, and with more is not", async () => {
    const plain = await draw(prompts, [1, 2]);
    expectClose((await draw(prompts, [1, 2], { guided: true })).tokens, plain.tokens);
    const strong = await draw(prompts, [1, 2], { guided: true, guidance: 4 });
    expect(Math.max(...strong.tokens.map((value, i) => Math.abs(value - plain.tokens[i])))).toBeGreaterThan(0.01);
  });

  it.each(["ddim", "dpm++"] as const)("by %s needs no noise but that of the start", async (sampler) => {
    const options = { sampler, guided: true, guidance: 3 };
    const { tokens } = await draw(prompts, [1, 2], options);
    expect(tokens.every((value) => Number.isFinite(value) && value !== 0)).toBe(true);
    expect((await draw(prompts, [1, 2], options)).tokens).toEqual(tokens);
    const step = () => {
      throw new Error("a deterministic sampler drew noise for a step");
    };
    expect((await draw(prompts, [1, 2], { ...options, draws: { ...seededDraws([1, 2]), step } })).tokens).toEqual(
      tokens,
    );
  });

  it("by DDIM and by DPM-Solver++ comes to the same with many steps", async () => {
    const by = async (sampler: Sampler, steps: string) => (await draw(prompts, [1, 2], { sampler, steps })).tokens;
    const fine = await by("dpm++", "100");
    const distance = (tokens: Float32Array) =>
      Math.sqrt(tokens.reduce((sum, value, i) => sum + (value - fine[i]) ** 2, 0) / tokens.length);
    const [coarse, finer] = [distance(await by("ddim", "10")), distance(await by("ddim", "100"))];
    expect(finer).toBeLessThan(coarse / 4);
    expect(distance(await by("dpm++", "25"))).toBeLessThan(finer);
  });

  it("by a deterministic sampler listens to the temperature of the start", async () => {
    const at = async (temperature: number) => (await draw(prompts, [1, 2], { sampler: "ddim", temperature })).tokens;
    expect(await at(0.5)).not.toEqual(await at(1));
  });

  it.each(["ddim", "dpm++"] as const)("by %s, guided by 1, is drawing without guidance", async (sampler) => {
    const plain = await draw(prompts, [1, 2], { sampler });
    expectClose((await draw(prompts, [1, 2], { sampler, guided: true })).tokens, plain.tokens);
  });

  it("anneals the steps over the rounds", async () => {
    await draw(prompts, [1, 2], { steps: [6, 2] });
    // 1, 2 and 3 tokens of 2 pictures, in 6, 4 and 2 steps.
    expect(ran.head).toEqual([...new Array(6).fill(2), ...new Array(4).fill(4), ...new Array(2).fill(6)]);
  });

  it("computes no unconditional rows outside the interval of guidance", async () => {
    const guided = { guided: true, guidance: 4, steps: "1" };
    const all = await draw(prompts, [1, 2], guided);
    expect([ran.rounds, ran.head]).toEqual([
      [4, 4, 4],
      [4, 8, 12],
    ]);
    const some = await draw(prompts, [1, 2], { ...guided, guidanceInterval: [0, 0.4] });
    expect([ran.rounds, ran.head]).toEqual([
      [4, 2, 2],
      [4, 4, 6],
    ]);
    expect(some.seen.map(({ guidance }) => guidance)).toEqual([4, 1, 1]);
    expect(some.seen[0].sampled).toEqual(all.seen[0].sampled);
    expect(some.seen[1].sampled).not.toEqual(all.seen[1].sampled);
    // A later round without guidance is what an unguided run makes of the same tokens.
    const none = await draw(prompts, [1, 2], { ...guided, guidanceInterval: [0, 0.01] });
    expectClose(none.tokens, (await draw(prompts, [1, 2], { steps: "1" })).tokens);
  });

  it("with a condition cache computes unconditional rows at refreshes alone", async () => {
    const options = { guided: true, guidance: 4, steps: "1", conditionCache: true };
    const { tokens } = await draw(prompts, [1, 2], { ...options, cacheRefresh: 2 });
    expect([ran.rounds, ran.head]).toEqual([
      [4, 2, 4],
      [4, 8, 12],
    ]);
    const exact = await draw(prompts, [1, 2], { ...options, conditionCache: false });
    expect(tokens).not.toEqual(exact.tokens);
    expectClose((await draw(prompts, [1, 2], { ...options, cacheRefresh: 1 })).tokens, exact.tokens);
  });

  it("with a token cache that is refreshed in every round is drawing without one", async () => {
    const options = { guided: true, guidance: 4 };
    const exact = await draw(prompts, [1, 2], options);
    const cached = { ...options, tokenCache: 0.5, conditionCache: true };
    expectClose((await draw(prompts, [1, 2], { ...cached, cacheRefresh: 1 })).tokens, exact.tokens);
    const reused = await draw(prompts, [1, 2], { ...cached, cacheRefresh: 3 });
    expect(reused.tokens.every(Number.isFinite)).toBe(true);
    expect((await draw(prompts, [1, 2], { ...cached, cacheRefresh: 3 })).tokens).toEqual(reused.tokens);
  });

  it("with both caches gives a picture that does not depend on those drawn beside it", async () => {
    const options = { guided: true, guidance: 3, tokenCache: 0.5, conditionCache: true, cacheRefresh: 3 };
    const { tokens } = await draw(prompts, [1, 2], options);
    expectClose(tokens.subarray(0, 6 * width), (await draw(prompts.slice(0, 1), [1], options)).tokens);
    expectClose(tokens.subarray(6 * width), (await draw(prompts.slice(1), [2], options)).tokens);
  });

  it("raises linear guidance with the share of tokens drawn", async () => {
    const { seen } = await draw(prompts, [1, 2], { guided: true, guidance: 3, guidanceSchedule: "linear" });
    const scales = seen.map(({ guidance }) => guidance);
    expect(scales.every((scale, i) => scale > 1 && (i === 0 || scale >= scales[i - 1]))).toBe(true);
    expect(scales.at(-1)).toBeGreaterThan(scales[0]);
  });

  it.each([{}, { sampler: "dpm++", tokenCache: 0.5, conditionCache: true, cacheRefresh: 2, guided: true }] as const)(
    "stops between denoising steps when asked to, with %o",
    async (options) => {
      let steps = 0;
      const onStep = () => {
        if (++steps === 6) throw new Error("stopped");
      };
      await expect(draw(prompts, [1, 2], { ...options, onStep })).rejects.toThrow("stopped");
      // Four steps a round: within the second.
      expect([steps, ran.rounds.length, ran.head.length]).toEqual([6, 2, 5]);
    },
  );
});

describe("denoising a round", () => {
  it("adds no noise at the last step, whatever the temperature", async () => {
    const condition = normals([2, tinyConfig.mar.decoder_embed_dim], 1);
    const once = async (temperature: number) => {
      const options = {
        config: tinyConfig,
        pictures: 2,
        steps: "1",
        temperature,
        draws: seededDraws([1, 2]),
        programs: { denoise: programs.denoise() },
      };
      return denoiseRound(options, { round: 0, rounds: 1 }, condition, 1, 1);
    };
    expect(await once(0.1)).toEqual(await once(5));
  });
});
