import { afterAll, describe, expect, it } from "vitest";
import { Programs } from "../../src/pipeline/programs.ts";
import { readPrompts, readToken } from "../../src/pipeline/read-prompts.ts";
import { nodeEngine } from "../../src/runtime/node.ts";
import type { HostArray } from "../../src/tensor/dtype.ts";
import { tinyConfig } from "../models/tiny.ts";
import { normals } from "../models/weights.ts";
import { randomWeights } from "./random-weights.ts";

const programs = new Programs(tinyConfig, randomWeights(), nodeEngine, { device: "cpu", threads: 1 });
afterAll(() => programs.release());

function expectClose(got: ArrayLike<number>, expected: ArrayLike<number>): void {
  expect(got.length).toBe(expected.length);
  for (let i = 0; i < got.length; i++) expect(got[i]).toBeCloseTo(expected[i], 4);
}

const logitsOf = ({ logits }: { logits: HostArray }, row = 0) => {
  const [, width] = logits.shape;
  return (logits.data as Float32Array).slice(row * width, (row + 1) * width);
};

describe("reading prompts", () => {
  it("token by token gives what reading all at once gives", async () => {
    let read = await readPrompts(programs, [[3, 5, 7]]);
    for (const id of [11, 2]) read = await readToken(programs, read, id);
    const whole = await readPrompts(programs, [[3, 5, 7, 11, 2]]);
    expect(read.lengths).toEqual([5]);
    expectClose(logitsOf(read), logitsOf(whole));
    expectClose(read.cache.key1.data as Float32Array, whole.cache.key1.data as Float32Array);
  });

  it("of different lengths together gives each what it gets alone", async () => {
    const together = await readPrompts(programs, [
      [3, 5],
      [4, 6, 8, 1],
    ]);
    expectClose(logitsOf(together, 0), logitsOf(await readPrompts(programs, [[3, 5]])));
    expectClose(logitsOf(together, 1), logitsOf(await readPrompts(programs, [[4, 6, 8, 1]])));
  });

  it("puts image features in the place of the image tokens, and nowhere else", async () => {
    const features = normals([1, 2, tinyConfig.llm.hidden_size], 1);
    const other = normals([1, 2, tinyConfig.llm.hidden_size], 2);
    const read = (seen: HostArray, imageToken: number) =>
      readPrompts(programs, [[3, 9, 9, 5]], { features: seen, imageToken });
    const first = logitsOf(await read(features, 9));
    const second = logitsOf(await read(other, 9));
    expect(second).not.toEqual(first);
    await expect(read(features, 5)).rejects.toThrow("1 <image> tokens for 2");
  });
});
