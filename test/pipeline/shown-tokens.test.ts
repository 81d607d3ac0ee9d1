import { describe, expect, it } from "vitest";
import { tellTokens } from "../../src/pipeline/shown-tokens.ts";
import type { Runnable } from "../../src/runtime/program.ts";
import { type HostArray, hostArray } from "../../src/tensor/dtype.ts";

/** Four places of a picture, each of two numbers. */
const tokens = Float32Array.of(0, 1, 10, 11, 20, 21, 30, 31);

describe("tellTokens", () => {
  it("shows each condition the source's token of its place, in both halves of a guided round", async () => {
    const seen: HostArray[] = [];
    const program = {
      inputs: [],
      runOnDevice: async (feeds: Record<string, HostArray>) => {
        seen.push(feeds.tokens);
        return { told: feeds.condition };
      },
    } as unknown as Runnable;
    const predicted = [Int32Array.of(3, 0), Int32Array.of(1, 2)];
    const condition = (rows: number) => hostArray("float32", [rows, 3], new Float32Array(3 * rows));
    await tellTokens({ tokens, program }, condition(4), predicted, 2);
    await tellTokens({ tokens, program }, condition(8), predicted, 2);
    const own = [30, 31, 0, 1, 10, 11, 20, 21];
    expect(seen[0]).toEqual(hostArray("float32", [4, 2], Float32Array.from(own)));
    expect(seen[1]).toEqual(hostArray("float32", [8, 2], Float32Array.from([...own, ...own])));
  });
});
