import type { DrawTokensOptions } from "./draw-tokens.ts";
import type { DrawOptions } from "./options.ts";
import { type RoundWork, TimeLeft } from "./time-left.ts";

/** Which pictures of a call are drawn together: number `first` and the following, `together` in number, of `all`. */
export interface Together {
  first: number;
  together: number;
  all: number;
}

/** What happens before every denoising step: the work stops if the signal has fired, and progress is told. */
export function tellProgress(
  { signal, onProgress }: Pick<DrawOptions, "signal" | "onProgress">,
  rounds: readonly RoundWork[],
  { first, together, all }: Together,
): NonNullable<DrawTokensOptions["onStep"]> {
  const now = () => performance.now() / 1000;
  const timeLeft = new TimeLeft(rounds, now());
  return ({ round, step, steps }) => {
    signal?.throwIfAborted();
    if (!onProgress) return;
    const done = (first + together * ((round + step / steps) / rounds.length)) / all;
    const estimate = timeLeft.at(now(), { round, step, steps });
    // Pictures that are still to come take as long each as these.
    const secondsLeft = estimate && estimate.left + (estimate.whole * (all - first - together)) / together;
    onProgress({ pictures: together, round, rounds: rounds.length, done, secondsLeft });
  };
}

/** Tells that so many pictures are done that took no drawing, or whose drawing is over. */
export const tellDone = ({ onProgress }: Pick<DrawOptions, "onProgress">, pictures: number): void =>
  onProgress?.({ pictures, round: 1, rounds: 1, done: 1, secondsLeft: 0 });

/** Options of a part of some work: what it reports as done goes from one share of all to another, and what is to come after it takes its share of time. */
export function partOf<Options extends Pick<DrawOptions, "onProgress">>(
  options: Options,
  from: number,
  to: number,
): Options {
  const { onProgress } = options;
  if (!onProgress) return options;
  return {
    ...options,
    onProgress: ({ done, secondsLeft, ...progress }) => {
      const later = (1 - to) / (to - from);
      // A part that is over tells no time from which that of the others follows.
      const whole = done < 1 ? (secondsLeft ?? 0) / (1 - done) : undefined;
      const left = later === 0 || secondsLeft === undefined ? secondsLeft : whole && secondsLeft + later * whole;
      onProgress({ ...progress, done: from + (to - from) * done, secondsLeft: left });
    },
  };
}
