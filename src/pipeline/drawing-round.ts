import type { Runnable } from "../runtime/program.ts";
import { hostCopies, releaseValues, type Value } from "../runtime/values.ts";
import { type HostArray, hostArray } from "../tensor/dtype.ts";

/** The programs that a round goes through. */
export interface RoundParts {
  encoder: Runnable;
  language: Runnable;
  /** Ends in conditions, or in what a later program makes conditions of. */
  decoder: Runnable;
}

/** What a round's programs read, each its own part of it; see `models/drawing-programs.ts`. */
export interface RoundFeeds {
  encoder: Readonly<Record<string, Value>>;
  language: Readonly<Record<string, Value>>;
  decoder: Readonly<Record<string, Value>>;
}

/**
 * One round of drawing: the visible tokens through encoder, language model and decoder. The context's cache stays as it is: what the
 * language model makes of the visible tokens is not added to it.
 */
export class DrawingRound {
  constructor(
    private readonly parts: RoundParts,
    /** What depends on the grid alone, see `traceTables`. */
    private readonly tables: Readonly<Record<string, Value>>,
  ) {}

  /** What the decoder gives, left on the device. */
  async runOnDevice({ encoder, language, decoder }: RoundFeeds): Promise<Record<string, Value>> {
    const { "encoder positions": table, ...tables } = this.tables;

    const { encoded, features } = await this.parts.encoder.runOnDevice({ ...encoder, "encoder positions": table });
    // No key or value is wanted of these tokens; one is kept because engines on a GPU give no arrays without elements.
    const keep = hostArray("int64", [1], [0]);
    const { states } = await this.parts.language.runOnDevice({ ...language, embeddings: features, keep });
    releaseValues([features]);
    const all = { ...tables, ...decoder, encoded, states, twin: encoder.twin };
    // The blocks that come first read less than the whole decoder.
    const read = new Set(this.parts.decoder.inputs.map(({ name }) => name));
    const feeds = Object.fromEntries(Object.entries(all).filter(([name]) => read.has(name)));
    const results = await this.parts.decoder.runOnDevice(feeds);
    releaseValues([encoded, states]);
    return results;
  }

  /** As {@link runOnDevice}, in host memory. */
  async run(feeds: RoundFeeds): Promise<Record<string, HostArray>> {
    return hostCopies(await this.runOnDevice(feeds));
  }
}
