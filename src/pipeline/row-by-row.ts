import type { Qwen2Config } from "../models/config.ts";
import { cacheShape } from "../models/language-programs.ts";
import type { Runnable } from "../runtime/program.ts";
import { hostCopies, isOnDevice, type Value } from "../runtime/values.ts";
import { type HostArray, hostArray } from "../tensor/dtype.ts";

/**
 * Tokens that the language model reads in one run where there are several rows. From some thousand on nothing is gained by reading rows
 * together, and a run's memory grows with them.
 */
const MOST_TOGETHER = 4096;

/** The language model, which reads rows that are long one after the other; the results are the same. */
export class RowByRow implements Runnable {
  constructor(
    private readonly language: Runnable,
    private readonly config: Qwen2Config,
    private readonly most = MOST_TOGETHER,
  ) {}

  get inputs(): Runnable["inputs"] {
    return this.language.inputs;
  }

  /** See `traceLanguage`. */
  async runOnDevice(
    feeds: Readonly<Record<string, Value>>,
    into: Readonly<Record<string, HostArray>> = {},
  ): Promise<Record<string, Value>> {
    const [rows, length] = feeds.embeddings.shape;
    // What lies on a GPU cannot be taken apart without a copy.
    if (rows === 1 || rows * length <= this.most || Object.values(feeds).some(isOnDevice)) {
      return this.language.runOnDevice(feeds, into);
    }
    const results = { ...this.#room(rows, length, feeds.keep.shape[0]), ...into };
    for (let row = 0; row < rows; row++) {
      const own = Object.entries(feeds as Record<string, HostArray>).map(
        ([name, value]) => [name, name === "keep" ? value : rowOf(value, row)] as const,
      );
      const to = Object.entries(results).map(([name, value]) => [name, rowOf(value, row)] as const);
      await this.language.runOnDevice(Object.fromEntries(own), Object.fromEntries(to));
    }
    return results;
  }

  async run(
    feeds: Readonly<Record<string, Value>>,
    into?: Readonly<Record<string, HostArray>>,
  ): Promise<Record<string, HostArray>> {
    return hostCopies(await this.runOnDevice(feeds, into));
  }

  /** Memory for all rows' results. */
  #room(rows: number, length: number, kept: number): Record<string, HostArray> {
    const empty = (...shape: number[]) => hostArray("float32", shape, new Float32Array(shape.reduce((a, b) => a * b)));
    const entries = Array.from({ length: this.config.num_hidden_layers }, (_, i) => [`key${i}`, `value${i}`]).flat();
    return {
      states: empty(rows, length, this.config.hidden_size),
      ...Object.fromEntries(entries.map((name) => [name, empty(...cacheShape(this.config, rows, kept))])),
    };
  }
}

/** One row of an array, in the same memory. */
function rowOf({ dtype, shape, data }: HostArray, row: number): HostArray {
  const size = data.length / shape[0];
  return hostArray(dtype, [1, ...shape.slice(1)], data.subarray(row * size, (row + 1) * size));
}
