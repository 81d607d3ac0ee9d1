/** A mean of scores from 0 to 1, with the interval in which it lies with 95 % confidence. */
export interface Estimate {
  mean: number;
  low: number;
  high: number;
  /** Independent scores that went into it; with none, nothing is known: the interval is 0 to 1. */
  trials: number;
}

/** The standard normal's 97.5 % quantile: 95 % lies within so many deviations. */
const Z = 1.959963984540054;

/**
 * The 95 % confidence interval of a proportion by Wilson (1927), which holds for few trials and near 0 and 1 too.
 *
 * @param mean the share of successes
 * @param trials how many, above 0; effective trials need not be whole
 */
export function wilsonInterval(mean: number, trials: number): [low: number, high: number] {
  const scale = 1 + Z ** 2 / trials;
  const middle = mean + Z ** 2 / (2 * trials);
  const spread = Z * Math.sqrt((mean * (1 - mean)) / trials + Z ** 2 / (4 * trials ** 2));
  return [Math.max(0, (middle - spread) / scale), Math.min(1, (middle + spread) / scale)];
}

/**
 * Estimates the mean behind independent scores. Scores of 0 and 1 get Wilson's interval. Others, such as the share of a prompt's
 * pictures that are right, vary less than those; they get it for as many trials of 0 or 1 as would tell as much (Kish's effective
 * sample size, as Korn and Graubard (1998) use it for proportions).
 *
 * @param scores each from 0 to 1
 */
export function estimate(scores: readonly number[]): Estimate {
  const trials = scores.length;
  if (trials === 0) return { mean: 0, low: 0, high: 1, trials };
  const mean = scores.reduce((sum, score) => sum + score, 0) / trials;
  const variance = scores.reduce((sum, score) => sum + (score - mean) ** 2, 0) / trials;
  const most = mean * (1 - mean);
  // Scores that are all alike, or nearly, would claim to know everything: they count as trials of 0 or 1, or as n of them each.
  const effective = variance > 0 ? Math.min((trials * most) / variance, trials ** 2) : trials;
  const [low, high] = wilsonInterval(mean, effective);
  return { mean, low, high, trials };
}

/** How often something is so. */
export const share = <T>(items: readonly T[], holds: (item: T) => boolean): Estimate =>
  estimate(items.map((item) => (holds(item) ? 1 : 0)));

/**
 * The mean of independent estimates, each counting the same, however many trials it has. Its interval follows from theirs (MOVER: Zou and
 * Donner, 2008), so it need not lie evenly around the mean.
 */
export function meanOf(parts: readonly Estimate[]): Estimate {
  if (parts.length === 0) return estimate([]);
  const mean = parts.reduce((sum, part) => sum + part.mean, 0) / parts.length;
  const reach = (side: (part: Estimate) => number) => Math.hypot(...parts.map(side)) / parts.length;
  return {
    mean,
    low: Math.max(0, mean - reach((part) => part.mean - part.low)),
    high: Math.min(1, mean + reach((part) => part.high - part.mean)),
    trials: parts.reduce((sum, part) => sum + part.trials, 0),
  };
}

/** "83.0 % (74.4 to 89.1)", or a dash where nothing was tried. */
export function showEstimate(value: Estimate): string {
  if (value.trials === 0) return "-";
  const [low, high] = [value.low, value.high].map((bound) => (100 * bound).toFixed(1));
  return `${showPercent(value)} (${low} to ${high})`;
}

/** "83.0 %", or a dash where nothing was tried. */
export const showPercent = ({ mean, trials }: Estimate): string =>
  trials === 0 ? "-" : `${(100 * mean).toFixed(1)} %`;
