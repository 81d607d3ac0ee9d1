import { afterAll, describe, expect, it } from "vitest";
import { tokenWidth } from "../../src/models/config.ts";
import { type DrawTokensOptions, denoiseRound, drawTokens, type RoundResult } from "../../src/pipeline/draw-tokens.ts";
import { seededDraws } from "../../src/pipeline/draws.ts";
import { Programs } from "../../src/pipeline/programs.ts";
import { readContexts } from "../../src/pipeline/read-prompts.ts";
import { nodeEngine } from "../../src/runtime/node.ts";
import { tinyConfig } from "../models/tiny.ts";
import { normals } from "../models/weights.ts";
import { randomWeights } from "./random-weights.ts";

// Weak weights keep the random network's samples bounded, as training does with a real one.
const programs = new Programs(tinyConfig, randomWeights(0.15), nodeEngine, { device: "cpu", threads: 1 });
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
  const tokens = await drawTokens({
    config: tinyConfig,
    grid,
    pictures: rows.length,
    context: await readContexts(programs, guided ? [...rows, ...rows.map(() => twin)] : rows),
    programs: {
      round: await programs.round(grid),
      denoise: programs.denoise(guided),
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

  it("raises linear guidance with the share of tokens drawn", async () => {
    const { seen } = await draw(prompts, [1, 2], { guided: true, guidance: 3, guidanceSchedule: "linear" });
    const scales = seen.map(({ guidance }) => guidance);
    expect(scales.every((scale, i) => scale > 1 && (i === 0 || scale >= scales[i - 1]))).toBe(true);
    expect(scales.at(-1)).toBeGreaterThan(scales[0]);
  });

  it("stops between denoising steps when asked to", async () => {
    let steps = 0;
    const onStep = () => {
      if (++steps === 5) throw new Error("stopped");
    };
    await expect(draw(prompts, [1, 2], { onStep })).rejects.toThrow("stopped");
    expect(steps).toBe(5);
  });
});

describe("denoising a round", () => {
  it("adds no noise at the last step, whatever the temperature", async () => {
    const condition = normals([2, tinyConfig.mar.decoder_embed_dim], 1);
    const once = async (temperature: number) => {
      const options = {
        config: tinyConfig,
        pictures: 2,
        guided: false,
        steps: "1",
        temperature,
        draws: seededDraws([1, 2]),
        programs: { denoise: programs.denoise(false) },
      };
      return denoiseRound(options, { round: 0, rounds: 1 }, condition, 1, 1);
    };
    expect(await once(0.1)).toEqual(await once(5));
  });
});
