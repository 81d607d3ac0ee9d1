import type { BadSample } from "../data/sets/index.ts";
import { bar, ProgressLine } from "./progress-line.ts";

/** Bad samples that are named on stderr; the rest is only counted there. */
const NAMED = 5;

/** Says on stderr how reading or writing a data set goes: on a terminal a line that is written over, and the first bad samples. */
export class DataReport {
  readonly #line = new ProgressLine(process.stderr.isTTY ?? false);
  readonly #began = performance.now();
  #bad = 0;
  #first: number | undefined;

  constructor(private readonly doing: string) {}

  progress({ done, of }: { done: number; of?: number }): void {
    this.#first ??= done - 1;
    const speed = `${count((done - this.#first) / this.seconds)} samples/s`;
    const bad = this.#bad > 0 ? `  ${count(this.#bad)} bad` : "";
    const where = of === undefined ? count(done) : `${count(done)} of ${count(of)} ${bar(done / of)}`;
    this.#line.show(`${this.doing} ${where}  ${speed}${bad}`);
  }

  /** @param place where all bad samples are named */
  bad({ name, reason }: BadSample, place: string): void {
    this.#bad++;
    if (this.#bad > NAMED + 1) return;
    this.#line.clear();
    const text =
      this.#bad > NAMED ? `more bad samples are named in ${place}` : `bad sample left out: ${name}: ${reason}`;
    process.stderr.write(`${text}\n`);
  }

  /** Seconds since the beginning. */
  get seconds(): number {
    return (performance.now() - this.#began) / 1000;
  }

  end(): void {
    this.#line.clear();
  }
}

/** A whole number as people write it: 12,000. */
export const count = (value: number): string => Math.round(value).toLocaleString("en");

/** `1 shard`, `3 shards`. */
export const counted = (value: number, noun: string): string => `${count(value)} ${noun}${value === 1 ? "" : "s"}`;
