import { loadImage } from "@napi-rs/canvas";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Scene } from "../../src/data/index.ts";
import { type BenchmarkResult, runBenchmark } from "../../src/evaluation/benchmark.ts";
import { Reader } from "../../src/evaluation/reader/reader.ts";
import { formatReport } from "../../src/evaluation/report.ts";
import { exhibitSheet } from "../../src/evaluation/sheet.ts";
import { sceneArtist } from "./artists.ts";

const seed = 5;
const counts = { prompts: 48, descriptions: 20, edits: 12 };

let reader: Reader;
beforeAll(async () => {
  reader = await Reader.load("models/reader", { threads: 1 });
});
afterAll(() => reader.release());

const run = (choose: (scenes: readonly Scene[], index: number) => Scene) =>
  runBenchmark({ artist: sceneArtist(seed, counts, choose), reader, seed, ...counts });

const shareOf = ({ scores }: BenchmarkResult, test: string, right: string): number => {
  const found = scores.find((score) => score.test === test && score.right === right);
  return found!.value.successes / found!.value.trials;
};

describe("an artist that draws exactly what is asked for", () => {
  it("scores the ceiling, which is high", async () => {
    const { result } = await run((scenes, i) => scenes[i]);
    expect(result.ceilingsOf).toEqual(["clean"]);
    const read = result.scores.filter(({ ceilings }) => ceilings.length > 0);
    expect(read.length).toBe(18);
    for (const { value, ceilings } of read) expect(value).toEqual(ceilings[0]);
    const sum = (key: "successes" | "trials") => read.reduce((total, { value }) => total + value[key], 0);
    expect(sum("successes") / sum("trials")).toBeGreaterThan(0.85);
    expect(shareOf(result, "single object", "object")).toBeGreaterThan(0.8);
    expect(shareOf(result, "description", "object")).toBe(1);
    expect(shareOf(result, "description", "object and color, held-out combination")).toBe(1);
  });
});

describe("an artist that draws something else", () => {
  it("scores near nothing, and its exhibits say so", async () => {
    const { result, exhibits } = await run((scenes, i) => {
      const [{ name, color }] = scenes[i].objects;
      const differs = ({ objects: [other] }: Scene) => other.name !== name && (other.color ?? "") !== (color ?? "");
      return scenes.find(differs)!;
    });
    for (const { test, right, value } of result.scores) {
      if (/background/.test(right) || /background/.test(test)) continue;
      expect(value.successes / value.trials, `${test}: ${right}`).toBeLessThan(0.15);
    }
    expect(shareOf(result, "change of background", "success: new background, same object")).toBeLessThan(0.15);
    expect(exhibits.filter(({ isRight }) => isRight).length).toBeLessThan(0.1 * exhibits.length);
  });
});

it("reports as a table, and shows what was drawn on a sheet", async () => {
  const { result, exhibits } = await run((scenes, i) => scenes[i]);
  const report = formatReport(result);
  expect(report).toMatch(/held-out combination +object and color +\d+\.\d % \(/);
  expect(report).toContain("passes though wrong");
  expect(exhibits.length).toBe(48 + 20 + 24);
  const image = await loadImage(Buffer.from(await exhibitSheet(exhibits)));
  expect(image.width).toBe(1400);
  await expect(exhibitSheet([])).rejects.toThrow(/nothing to put on a sheet/);
});

it("refuses numbers of tasks that make no sense, and artists that lose some", async () => {
  const artist = sceneArtist(seed, counts, (scenes, i) => scenes[i]);
  await expect(runBenchmark({ artist, reader, seed, prompts: -1 })).rejects.toThrow(/prompts must be a whole number/);
  const lazy = { ...artist, generate: async () => [] };
  await expect(runBenchmark({ artist: lazy, reader, seed, prompts: 4 })).rejects.toThrow(/0 came back/);
});

it("stops when told to", async () => {
  const artist = sceneArtist(seed, counts, (scenes, i) => scenes[i]);
  const signal = AbortSignal.abort(new Error("enough"));
  await expect(runBenchmark({ artist, reader, seed, prompts: 4, signal })).rejects.toThrow("enough");
});
