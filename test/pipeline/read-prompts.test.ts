import { afterAll, describe, expect, it } from "vitest";
import { Programs } from "../../src/pipeline/programs.ts";
import { cutBack, type ReadContext, readOn, readPrompts, rowsOf } from "../../src/pipeline/read-prompts.ts";
import { nodeEngine } from "../../src/runtime/node.ts";
import { toHost } from "../../src/runtime/values.ts";
import { type HostArray, hostArray } from "../../src/tensor/dtype.ts";
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

/** The keys of a single row's tokens in one layer, without the room that there may be for more. */
const keysOf = async ({ cache, lengths: [length] }: ReadContext) => {
  const { data, shape } = await toHost(cache.key1);
  const [, groups, room, head] = shape;
  return Array.from({ length: groups }, (_, group) =>
    Array.from((data as Float32Array).slice(group * room * head, (group * room + length) * head)),
  ).flat();
};

describe("reading prompts", () => {
  it("token by token gives what reading all at once gives", async () => {
    let read = await readPrompts(programs, [[3, 5, 7]]);
    for (const id of [11, 2]) read = await readOn(programs, read, [id]);
    const whole = await readPrompts(programs, [[3, 5, 7, 11, 2]]);
    expect(read.lengths).toEqual([5]);
    expectClose(logitsOf(read), logitsOf(whole));
    expectClose(await keysOf(read), await keysOf(whole));
  });

  it("in pieces, with a picture in the second, gives what reading all at once gives", async () => {
    const features = normals([1, 2, tinyConfig.llm.hidden_size], 1);
    const pictures = { features, imageToken: 9 };
    const first = await readPrompts(programs, [[3, 5, 7]]);
    const read = await readOn(programs, first, [9, 9, 4], pictures);
    const whole = await readPrompts(programs, [[3, 5, 7, 9, 9, 4]], pictures);
    expectClose(logitsOf(read), logitsOf(whole));
    expectClose(await keysOf(read), await keysOf(whole));
  });

  it("goes back to what it was, and on from there as if nothing had been in between", async () => {
    const first = await readPrompts(programs, [[3, 5, 7]]);
    const before = await keysOf(first);
    const on = await readOn(programs, first, [11, 2]);
    const cut = await cutBack(programs, await readOn(programs, first, [6, 6, 1]), 3);
    expect(cut.lengths).toEqual([3]);
    expect(await keysOf(cut)).toEqual(before);
    expectClose(logitsOf(await readOn(programs, cut, [11, 2])), logitsOf(on));
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

it.each([0, 1, 2] as const)("takes rows along axis %d, repeated or left out as they are named", async (axis) => {
  const array = hostArray("float32", [2, 2, 2], [0, 1, 2, 3, 4, 5, 6, 7]);
  const expected = [
    [4, 5, 6, 7, 4, 5, 6, 7],
    [2, 3, 2, 3, 6, 7, 6, 7],
    [1, 1, 3, 3, 5, 5, 7, 7],
  ];
  const rows = await toHost(await rowsOf(programs, array, [1, 1], axis));
  expect(rows).toEqual(hostArray("float32", [2, 2, 2], expected[axis]));
});
