import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { earlyBlocks } from "../../src/models/cached-decoder.ts";
import type { UniPicConfig } from "../../src/models/config.ts";
import type { DrawingRound } from "../../src/pipeline/drawing-round.ts";
import { Programs } from "../../src/pipeline/programs.ts";
import { firstRows, readContexts } from "../../src/pipeline/read-prompts.ts";
import { chosenFeeds, type DrawingContext, roundFeeds } from "../../src/pipeline/round-feeds.ts";
import { type SplitRound, TokenCache } from "../../src/pipeline/token-cache.ts";
import { nodeEngine } from "../../src/runtime/node.ts";
import type { Runnable } from "../../src/runtime/program.ts";
import type { Value } from "../../src/runtime/values.ts";
import type { HostArray } from "../../src/tensor/dtype.ts";
import { tinyConfig } from "../models/tiny.ts";
import { normals } from "../models/weights.ts";
import { randomWeights } from "./random-weights.ts";

const GRID = [2, 3] as const;
const PLACES = 6;
const width = 12;
/** Four blocks: two early ones, and two late ones, of which the second sees what the first made of the settled tokens. */
const config: UniPicConfig = { ...tinyConfig, mar: { ...tinyConfig.mar, decoder_depth: 4 } };
/** With one block, and that a late one, keys and values depend on the token alone. */
const shallow: UniPicConfig = tinyConfig;

interface Model {
  programs: Programs;
  whole: DrawingRound;
  split: SplitRound;
  context: DrawingContext;
}
const models = new Map<UniPicConfig, Model>();
const of = (wanted: UniPicConfig) => models.get(wanted) as Model;

beforeAll(async () => {
  for (const each of [config, shallow]) {
    const programs = new Programs(each, randomWeights(), nodeEngine, { device: "cpu", threads: 1 });
    models.set(each, {
      programs,
      whole: await programs.round(GRID),
      split: await programs.splitRound(GRID),
      context: await readContexts(programs, [[3, 5, 7], [4, 6], [4], [4]]),
    });
  }
});
afterAll(() => Promise.all([...models.values()].map(({ programs }) => programs.release())));

const tokens = normals([2 * PLACES, width], 9).data as Float32Array;
const at = (...places: number[][]) => places.map((own) => Int32Array.from(own));
const feedsOf = async (model: UniPicConfig, visible: readonly Int32Array[], rows: number) => {
  const { programs, context: all } = of(model);
  return roundFeeds({ config: model, grid: GRID, context: await firstRows(programs, all, rows), tokens, visible });
};

/** What the whole round gives at some places. */
async function exact(model: UniPicConfig, visible: readonly Int32Array[], wanted: readonly Int32Array[], rows: number) {
  const feeds = await feedsOf(model, visible, rows);
  const chosen = chosenFeeds(wanted, rows, model.mar.buffer_size, PLACES);
  return (await of(model).whole.run({ ...feeds, decoder: { ...feeds.decoder, ...chosen } })).condition;
}

function expectClose(value: Value, expected: HostArray): void {
  // On the processor every result lies in host memory.
  const got = value as HostArray;
  expect(got.shape).toEqual(expected.shape);
  got.data.forEach((value, i) => {
    expect(value).toBeCloseTo(Number(expected.data[i]), 4);
  });
}

/** The split round, counting the tokens that its late part computes in every run. */
function counting({ late, ...others }: SplitRound): { split: SplitRound; active: number[] } {
  const active: number[] = [];
  const runOnDevice: Runnable["runOnDevice"] = (feeds, into) => {
    active.push(feeds.active.shape[1]);
    return late.runOnDevice(feeds, into);
  };
  return { split: { ...others, late: { inputs: late.inputs, runOnDevice } as Runnable }, active };
}

describe("the token cache", () => {
  const first = { visible: at([], []), wanted: at([1, 4], [0, 5]) };
  const second = { visible: at([1, 4], [0, 5]), wanted: at([0], [2]) };

  it("splits the decoder's blocks", () => {
    expect([config, shallow].map(({ mar }) => earlyBlocks(mar))).toEqual([2, 0]);
  });

  it("of full rounds is the whole round", async () => {
    const cache = new TokenCache(of(config).split, 0.5, config.mar.buffer_size, PLACES);
    for (const { visible, wanted } of [first, second]) {
      const got = await cache.conditions({
        feeds: await feedsOf(config, visible, 4),
        visible,
        wanted,
        rows: 4,
        isFull: true,
      });
      expectClose(got, await exact(config, visible, wanted, 4));
    }
  });

  it("is the whole round where nothing has changed", async () => {
    const cache = new TokenCache(of(config).split, 0.75, config.mar.buffer_size, PLACES);
    const { visible } = first;
    const feeds = await feedsOf(config, visible, 4);
    await cache.conditions({ feeds, visible, wanted: first.wanted, rows: 4, isFull: true });
    const wanted = at([2, 3], [0, 1]);
    const got = await cache.conditions({ feeds, visible, wanted, rows: 4, isFull: false });
    expectClose(got, await exact(config, visible, wanted, 4));
  });

  it("computes a share of the tokens, and more where more are asked for or have become visible", async () => {
    const { split, active } = counting(of(config).split);
    // Eight tokens: two of the buffer, six places.
    const cache = new TokenCache(split, 0.5, config.mar.buffer_size, PLACES);
    const run = async (round: { visible: Int32Array[]; wanted: Int32Array[] }, isFull: boolean) =>
      cache.conditions({ feeds: await feedsOf(config, round.visible, 4), ...round, rows: 4, isFull });
    await run(first, true);
    await run({ visible: first.visible, wanted: at([0], [2]) }, false);
    await run({ visible: second.visible, wanted: at([0, 2], [2, 3]) }, false);
    await run({ visible: second.visible, wanted: at([0, 2], [2, 3]) }, false);
    // All; half; buffer, two that became visible and two wanted; half again, as these are no longer new.
    expect(active).toEqual([8, 4, 6, 4]);
  });

  it("attends to settled tokens as they were, and gives the computed ones their new features", async () => {
    const cache = new TokenCache(of(shallow).split, 0.6, shallow.mar.buffer_size, PLACES);
    const { visible } = first;
    await cache.conditions({
      feeds: await feedsOf(shallow, visible, 4),
      visible,
      wanted: first.wanted,
      rows: 4,
      isFull: true,
    });
    // Without early blocks the features of hidden places stay as they are, so what is reused is still right.
    const got = await cache.conditions({
      ...second,
      feeds: await feedsOf(shallow, second.visible, 4),
      rows: 4,
      isFull: false,
    });
    const expected = await exact(shallow, second.visible, second.wanted, 4);
    expectClose(got, expected);
    const before = await exact(shallow, visible, second.wanted, 4);
    expect(Math.abs(Number(before.data[0]) - Number(expected.data[0]))).toBeGreaterThan(1e-3);
  });

  it("goes on with the conditional rows alone", async () => {
    const cache = new TokenCache(of(shallow).split, 0.6, shallow.mar.buffer_size, PLACES);
    const { visible } = first;
    await cache.conditions({
      feeds: await feedsOf(shallow, visible, 4),
      visible,
      wanted: first.wanted,
      rows: 4,
      isFull: true,
    });
    for (let round = 0; round < 2; round++) {
      const feeds = await feedsOf(shallow, second.visible, 2);
      const got = await cache.conditions({ ...second, feeds, rows: 2, isFull: false });
      expectClose(got, await exact(shallow, second.visible, second.wanted, 2));
    }
  });
});
