import { afterAll, expect, it } from "vitest";
import { DrawingRound } from "../../src/pipeline/drawing-round.ts";
import { Programs } from "../../src/pipeline/programs.ts";
import { readContexts } from "../../src/pipeline/read-prompts.ts";
import { chosenFeeds, type DrawingContext, roundFeeds } from "../../src/pipeline/round-feeds.ts";
import { nodeEngine } from "../../src/runtime/node.ts";
import { tinyConfig } from "../models/tiny.ts";
import { normals } from "../models/weights.ts";
import { randomWeights } from "./random-weights.ts";

const GRID = [2, 3] as const;
const PLACES = 6;
const { mar } = tinyConfig;
const programs = new Programs(tinyConfig, randomWeights(), nodeEngine, { device: "cpu", threads: 1 });
afterAll(() => programs.release());

const hidden = normals([2 * PLACES, mar.decoder_embed_dim], 2);

it.each([
  ["drawing", undefined],
  ["editing one picture", { count: 1, hidden: { ...hidden, shape: [2 * PLACES, mar.decoder_embed_dim] } }],
  ["editing several", { count: 2, hidden }],
])("rows worked through one after the other give what they give together, %s", async (_, sources) => {
  const read = await readContexts(programs, [[3, 5, 7], [4, 6], [4], [4]]);
  const context: DrawingContext = { ...read, sources };
  const visible = [Int32Array.of(1, 4), Int32Array.of(0, 5)];
  const tokens = normals([2 * PLACES, 12], 9).data as Float32Array;
  const feeds = roundFeeds({ config: tinyConfig, grid: GRID, context, tokens, visible });
  const chosen = chosenFeeds([Int32Array.of(0, 2, 3), Int32Array.of(1, 2, 4)], 4, mar.buffer_size, PLACES);
  const whole = { ...feeds, decoder: { ...feeds.decoder, ...chosen } };
  let runs = 0;
  const decoder = programs.decoder();
  const counted = {
    inputs: decoder.inputs,
    run: decoder.run.bind(decoder),
    runOnDevice: (given: Parameters<typeof decoder.runOnDevice>[0]) => {
      runs++;
      return decoder.runOnDevice(given);
    },
  };
  const parts = { encoder: programs.encoder(), language: programs.language(), decoder: counted };
  const tables = await programs.tables(GRID);
  const { condition: together } = await new DrawingRound(parts, tables).run(whole);
  expect(runs).toBe(1);
  const { condition: apart } = await new DrawingRound(parts, tables, 10).run(whole);
  expect(runs).toBe(1 + 4);
  expect(apart.shape).toEqual([4 * 3, mar.decoder_embed_dim]);
  expect(apart.shape).toEqual(together.shape);
  together.data.forEach((value, i) => {
    expect(apart.data[i]).toBeCloseTo(Number(value), 4);
  });
});
