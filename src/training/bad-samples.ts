import { appendFile } from "node:fs/promises";
import { join } from "node:path";
import type { BadSample } from "../data/sets/index.ts";

const BAD_SAMPLES_FILE = "bad-samples.jsonl";

/** Names that are remembered, so that a sample is told of once and not in every epoch. */
const MOST_NAMED = 10_000;

/** Counts the samples that were skipped in a run, and names each of them once in the run's `bad-samples.jsonl`. */
export class BadSampleLog {
  readonly #named = new Set<string>();
  #waiting: string[] = [];

  constructor(
    private readonly folder: string,
    private readonly onBad?: (bad: BadSample) => void,
  ) {}

  /** Different samples so far. */
  get count(): number {
    return this.#named.size;
  }

  add(bad: BadSample): void {
    if (this.#named.has(bad.name) || this.#named.size >= MOST_NAMED) return;
    this.#named.add(bad.name);
    this.#waiting.push(`${JSON.stringify(bad)}\n`);
    this.onBad?.(bad);
  }

  /** Writes what has been added since. */
  async write(): Promise<void> {
    if (this.#waiting.length === 0) return;
    const lines = this.#waiting.splice(0).join("");
    await appendFile(join(this.folder, BAD_SAMPLES_FILE), lines);
  }
}
