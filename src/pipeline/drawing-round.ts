import type { Runnable } from "../runtime/program.ts";
import { hostCopies, isOnDevice, releaseValues, type Value } from "../runtime/values.ts";
import { type HostArray, hostArray } from "../tensor/dtype.ts";
import { hostRows, joinRows } from "./host-rows.ts";

/** The programs that a round goes through. */
export interface RoundParts {
  encoder: Runnable;
  language: Runnable;
  /** Ends in conditions, or in what a later program makes conditions of. */
  decoder: Runnable;
}

type Feeds = Readonly<Record<string, Value>>;

/** What a round's programs read, each its own part of it; see `models/drawing-programs.ts`. */
export interface RoundFeeds {
  encoder: Feeds;
  language: Feeds;
  decoder: Feeds;
}

/**
 * Tokens that go through the decoder in one run where there are several rows. From some thousand on nothing is gained by working through
 * rows together, and a run's memory grows with them.
 */
const MOST_TOGETHER = 4096;

/**
 * One round of drawing: the visible tokens through encoder, language model and decoder. The context's cache stays as it is: what the
 * language model makes of the visible tokens is not added to it.
 */
export class DrawingRound {
  /**
   * @param tables what depends on the grid alone, see `traceTables`
   * @param most the most tokens of several rows that go through the decoder together
   */
  constructor(
    private readonly parts: RoundParts,
    private readonly tables: Feeds,
    private readonly most = MOST_TOGETHER,
  ) {}

  /** What the decoder gives, left on the device. */
  async runOnDevice({ encoder, language, decoder }: RoundFeeds): Promise<Record<string, Value>> {
    const { "encoder positions": table, ...tables } = this.tables;
    const { encoded, features } = await this.parts.encoder.runOnDevice({ ...encoder, "encoder positions": table });
    const [rows, places] = decoder.canvas.shape;
    const after = { language: { ...language, embeddings: features }, decoder: { ...tables, ...decoder } };
    const { twin } = encoder;
    // What lies on a GPU cannot be taken apart without a copy.
    const together =
      rows === 1 ||
      rows * places <= this.most ||
      [encoded, ...Object.values(language)].some((value) => isOnDevice(value));
    const results = together
      ? await this.#decode(after.language, { ...after.decoder, encoded, twin })
      : await this.#rowByRow(after.language, { ...after.decoder, encoded, twin }, rows);
    releaseValues([features, encoded]);
    return results;
  }

  /** As {@link runOnDevice}, in host memory. */
  async run(feeds: RoundFeeds): Promise<Record<string, HostArray>> {
    return hostCopies(await this.runOnDevice(feeds));
  }

  async #decode(language: Feeds, decoder: Feeds): Promise<Record<string, Value>> {
    // No key or value is wanted of these tokens; one is kept because engines on a GPU give no arrays without elements.
    const keep = hostArray("int64", [1], [0]);
    const { states } = await this.parts.language.runOnDevice({ ...language, keep });
    // The blocks that come first read less than the whole decoder.
    const read = new Set(this.parts.decoder.inputs.map(({ name }) => name));
    const feeds = Object.entries({ ...decoder, states }).filter(([name]) => read.has(name));
    const results = await this.parts.decoder.runOnDevice(Object.fromEntries(feeds));
    releaseValues([states]);
    return results;
  }

  async #rowByRow(language: Feeds, decoder: Feeds, rows: number): Promise<Record<string, Value>> {
    const parts: Record<string, HostArray>[] = [];
    for (let row = 0; row < rows; row++) {
      const own = Object.entries(language).map(([name, value]) => [name, hostRows(value as HostArray, row, row + 1)]);
      const results = await this.#decode(Object.fromEntries(own), rowOf(decoder as Record<string, HostArray>, row));
      parts.push(results as Record<string, HostArray>);
    }
    return Object.fromEntries(Object.keys(parts[0]).map((name) => [name, joinRows(parts.map((part) => part[name]))]));
  }
}

/** What the decoder reads of one row. Numbers that count through all rows are made to count through this one. */
function rowOf(decoder: Readonly<Record<string, HostArray>>, row: number): Record<string, HostArray> {
  const { encoded, twin, canvas, chosen, "chosen places": places } = decoder;
  const [rows] = canvas.shape;
  const [, own] = encoded.shape;
  const [all] = decoder["decoder positions"].shape;
  const picture = Number(twin.data[row]);
  const only = (array: HostArray) => hostRows(array, row, row + 1);
  const moved = (array: HostArray, by: (number: bigint) => bigint) =>
    hostArray("int64", [1, array.shape[1]], (only(array).data as BigInt64Array).map(by));
  // Behind the known tokens of all rows stands what they share.
  const known = BigInt(rows * own);
  const shift = BigInt(row * own);
  return {
    ...decoder,
    encoded: hostRows(encoded, picture, picture + 1),
    twin: hostArray("int64", [1], [0]),
    canvas: moved(canvas, (number) => (number < known ? number - shift : number - known + BigInt(own))),
    ...(chosen ? { chosen: moved(chosen, (number) => number - BigInt(row * all)), "chosen places": only(places) } : {}),
  };
}
