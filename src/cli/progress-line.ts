/** Time between two states that are shown, in milliseconds: often enough to look alive. */
const REFRESH = 100;
const BAR = 24;
const CLEAR = "\r\u001b[2K";

/** One line on stderr that is written over; where it is not wanted, nothing. */
export class ProgressLine {
  #shownAt = Number.NEGATIVE_INFINITY;
  #isShown = false;

  constructor(private readonly isWanted: boolean) {}

  /** Shows a text in the place of the last one, cut to the terminal's width. */
  show(text: string): void {
    const now = performance.now();
    if (!this.isWanted || now - this.#shownAt < REFRESH) return;
    this.#shownAt = now;
    this.#isShown = true;
    process.stderr.write(CLEAR + text.slice(0, (process.stderr.columns ?? 120) - 1));
  }

  /** Leaves the line empty, for what comes next. */
  clear(): void {
    if (this.#isShown) process.stderr.write(CLEAR);
    this.#isShown = false;
    this.#shownAt = Number.NEGATIVE_INFINITY;
  }
}

/** A bar of which a share is filled: `[=======>    ]`. */
export function bar(share: number): string {
  const filled = Math.round(Math.min(1, Math.max(0, share)) * BAR);
  const head = filled > 0 && filled < BAR ? ">" : "";
  return `[${`${"=".repeat(filled - head.length)}${head}`.padEnd(BAR)}]`;
}

/** A length of time as people say it: `42 s`, `12 min`, `3 h 5 min`. */
export function showDuration(seconds: number): string {
  if (seconds < 90) return `${Math.round(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** The end of a line of progress: `  12 min left`, and nothing where that is not known yet. */
export const showLeft = (seconds: number | undefined): string =>
  seconds === undefined ? "" : `  ${showDuration(seconds)} left`;
