import { bar, ProgressLine, showLeft } from "./progress-line.ts";
import { showBytes } from "./tables.ts";

/** Bytes before which a rate means nothing. */
const ENOUGH = 1 << 20;

/** A line on stderr about work that is counted in bytes: how much is done, and the time left at the rate so far. */
export class ByteProgress {
  readonly #line: ProgressLine;
  #verb = "";
  #startedAt = 0;
  #startedFrom = 0;

  constructor(isWanted: boolean | undefined) {
    this.#line = new ProgressLine(isWanted ?? process.stderr.isTTY ?? false);
  }

  /** @param about what is worked on, shown at the end */
  show(verb: string, { done, total }: { done: number; total: number }, about = ""): void {
    const now = performance.now();
    if (verb !== this.#verb) {
      this.#verb = verb;
      this.#startedAt = now;
      this.#startedFrom = done;
    }
    const rate = (done - this.#startedFrom) / (now - this.#startedAt);
    const left = showLeft(done - this.#startedFrom > ENOUGH ? (total - done) / rate / 1000 : undefined);
    const percent = `${Math.floor((100 * done) / total)}%`.padStart(4);
    const amount = `${showBytes(done)} of ${showBytes(total)}`;
    this.#line.show(`${verb} ${bar(done / total)}${percent}  ${amount}${left}  ${about}`.trimEnd());
  }

  clear(): void {
    this.#line.clear();
  }
}
