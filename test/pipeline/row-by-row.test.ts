import { afterAll, expect, it } from "vitest";
import { pastFeeds } from "../../src/pipeline/kv-cache.ts";
import { Programs } from "../../src/pipeline/programs.ts";
import { readContexts } from "../../src/pipeline/read-prompts.ts";
import { RowByRow } from "../../src/pipeline/row-by-row.ts";
import { nodeEngine } from "../../src/runtime/node.ts";
import type { Value } from "../../src/runtime/values.ts";
import { type HostArray, hostArray } from "../../src/tensor/dtype.ts";
import { tinyConfig } from "../models/tiny.ts";
import { normals } from "../models/weights.ts";
import { randomWeights } from "./random-weights.ts";

const { llm } = tinyConfig;
const programs = new Programs(tinyConfig, randomWeights(), nodeEngine, { device: "cpu", threads: 1 });
afterAll(() => programs.release());

it("rows read one after the other give what they give together", async () => {
  const { cache, lengths } = await readContexts(programs, [
    [3, 5, 7],
    [4, 6],
  ]);
  const feeds = {
    ...pastFeeds(cache),
    embeddings: normals([2, 3, llm.hidden_size], 1),
    positions: hostArray("int64", [2, 3], [3, 4, 5, 2, 3, 4]),
    before: hostArray("int64", [2], lengths),
    keep: hostArray("int64", [2], [0, 2]),
  };
  let runs = 0;
  const counting = (given: Readonly<Record<string, Value>>, into?: Readonly<Record<string, HostArray>>) => {
    runs++;
    return programs.language().runOnDevice(given, into);
  };
  const language = { ...programs.language(), runOnDevice: counting };
  const together = await new RowByRow(language as never, llm).run(feeds);
  expect(runs).toBe(1);
  const apart = await new RowByRow(language as never, llm, 5).run(feeds);
  expect(runs).toBe(3);
  expect(Object.keys(apart).sort()).toEqual(Object.keys(together).sort());
  for (const [name, { shape, data }] of Object.entries(together)) {
    expect(apart[name].shape).toEqual(shape);
    data.forEach((value, i) => {
      expect(apart[name].data[i]).toBeCloseTo(Number(value), 4);
    });
  }
});
