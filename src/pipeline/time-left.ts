/** How long a drawing still takes, and how long the whole of it takes, in seconds. */
export interface Estimate {
  left: number;
  whole: number;
}

/** What a round has to do: tokens of a picture that it predicts, and denoising steps of each. */
export interface RoundWork {
  tokens: number;
  steps: number;
}

interface RoundOver extends RoundWork {
  /** Seconds for each step. */
  pace: number;
}

/**
 * Estimates how long drawing still takes. Late rounds predict many tokens and take longer than early ones, so that the share of steps
 * done says little: the time of a round's step is taken to be a + b x tokens, fitted to the rounds that are over.
 */
export class TimeLeft {
  readonly #over: RoundOver[] = [];
  #roundStart: number;
  /** When the denoising of the current round began. */
  #denoisingStart: number;
  #round = 0;

  /** @param now the time at which the first round begins, in seconds */
  constructor(
    private readonly rounds: readonly RoundWork[],
    now: number,
  ) {
    this.#roundStart = now;
    this.#denoisingStart = now;
  }

  /** The estimate before a denoising step; undefined before the first step is over. Steps are given in the order in which they come. */
  at(now: number, { round, step, steps }: { round: number; step: number; steps: number }): Estimate | undefined {
    if (round > this.#round) {
      const work = this.rounds[this.#round];
      this.#over.push({ ...work, pace: (now - this.#roundStart) / work.steps });
      this.#round = round;
      this.#roundStart = now;
    }
    if (step === 0) this.#denoisingStart = now;
    if (this.#over.length === 0 && step === 0) return undefined;
    const pace = this.#over.length > 0 ? paceOf(this.#over) : () => this.#firstPace(now, step, steps);
    const cost = (work: RoundWork) => work.steps * pace(work.tokens);
    const whole = sum(this.rounds.map(cost));
    const later = sum(this.rounds.slice(round + 1).map(cost));
    return { left: later + (1 - step / steps) * cost(this.rounds[round]), whole };
  }

  /** Seconds for each step of the first round, as far as it has come. */
  #firstPace(now: number, step: number, steps: number): number {
    const begun = this.#denoisingStart;
    return (begun - this.#roundStart + ((now - begun) * steps) / step) / this.rounds[0].steps;
  }
}

/** Least squares with neither a nor b below zero. The first round warms up memory and is left out once there are three. */
function paceOf(over: readonly RoundOver[]): (tokens: number) => number {
  const rounds = over.length >= 3 ? over.slice(1) : over;
  const mean = (of: (round: RoundOver) => number) => sum(rounds.map(of)) / rounds.length;
  const [tokens, pace] = [mean((round) => round.tokens), mean((round) => round.pace)];
  const spread = mean((round) => (round.tokens - tokens) ** 2);
  const slope = spread === 0 ? 0 : mean((round) => (round.tokens - tokens) * (round.pace - pace)) / spread;
  const b = Math.min(Math.max(0, slope), pace / tokens);
  return (count) => pace + b * (count - tokens);
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
