/** How long a drawing still takes, and how long the whole of it takes, in seconds. */
export interface Estimate {
  left: number;
  whole: number;
}

interface Round {
  tokens: number;
  seconds: number;
}

/**
 * Estimates how long drawing still takes. Late rounds predict many tokens and take longer than early ones, so that the share of steps
 * done says little: a round's time is taken to be a + b x tokens, fitted to the rounds that are over.
 */
export class TimeLeft {
  readonly #over: Round[] = [];
  #roundStart: number;
  /** When the denoising of the current round began. */
  #denoisingStart: number;
  #round = 0;

  /**
   * @param tokens how many tokens of a picture each round predicts
   * @param now the time at which the first round begins, in seconds
   */
  constructor(
    private readonly tokens: readonly number[],
    now: number,
  ) {
    this.#roundStart = now;
    this.#denoisingStart = now;
  }

  /** The estimate before a denoising step; undefined before the first step is over. Steps are given in the order in which they come. */
  at(now: number, { round, step, steps }: { round: number; step: number; steps: number }): Estimate | undefined {
    if (round > this.#round) {
      this.#over.push({ tokens: this.tokens[this.#round], seconds: now - this.#roundStart });
      this.#round = round;
      this.#roundStart = now;
    }
    if (step === 0) this.#denoisingStart = now;
    if (this.#over.length === 0 && step === 0) return undefined;
    const cost = this.#over.length > 0 ? costOf(this.#over) : () => this.#firstRound(now, step, steps);
    const whole = sum(this.tokens.map(cost));
    const later = sum(this.tokens.slice(round + 1).map(cost));
    return { left: later + (1 - step / steps) * cost(this.tokens[round]), whole };
  }

  /** What the first round takes, as far as it has come. */
  #firstRound(now: number, step: number, steps: number): number {
    return this.#denoisingStart - this.#roundStart + ((now - this.#denoisingStart) * steps) / step;
  }
}

/** Least squares with neither a nor b below zero. The first round warms up memory and is left out once there are three. */
function costOf(over: readonly Round[]): (tokens: number) => number {
  const rounds = over.length >= 3 ? over.slice(1) : over;
  const mean = (of: (round: Round) => number) => sum(rounds.map(of)) / rounds.length;
  const [tokens, seconds] = [mean((round) => round.tokens), mean((round) => round.seconds)];
  const spread = mean((round) => (round.tokens - tokens) ** 2);
  const slope = spread === 0 ? 0 : mean((round) => (round.tokens - tokens) * (round.seconds - seconds)) / spread;
  const b = Math.min(Math.max(0, slope), seconds / tokens);
  return (count) => seconds + b * (count - tokens);
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
