/** So many successes out of so many trials. */
export interface Proportion {
  successes: number;
  trials: number;
}

/** The share of the items that pass. */
export function proportion<T>(items: readonly T[], passes: (item: T) => boolean): Proportion {
  return { successes: items.filter(passes).length, trials: items.length };
}

/** The standard normal's 97.5 % quantile: 95 % lies within so many deviations. */
const Z = 1.959963984540054;

/**
 * The 95 % confidence interval of a proportion by Wilson (1927), which holds for few trials and near 0 and 1 too.
 * Without trials nothing is known: [0, 1].
 */
export function wilsonInterval({ successes, trials }: Proportion): [low: number, high: number] {
  if (trials === 0) return [0, 1];
  const share = successes / trials;
  const scale = 1 + Z ** 2 / trials;
  const middle = share + Z ** 2 / (2 * trials);
  const spread = Z * Math.sqrt((share * (1 - share)) / trials + Z ** 2 / (4 * trials ** 2));
  return [Math.max(0, (middle - spread) / scale), Math.min(1, (middle + spread) / scale)];
}

/** "83.0 % (74.4 to 89.1)", or a dash where nothing was tried. */
export function showProportion(value: Proportion): string {
  if (value.trials === 0) return "-";
  const [low, high] = wilsonInterval(value).map((bound) => (100 * bound).toFixed(1));
  return `${showPercent(value)} (${low} to ${high})`;
}

/** "83.0 %", or a dash where nothing was tried. */
export function showPercent({ successes, trials }: Proportion): string {
  return trials === 0 ? "-" : `${((100 * successes) / trials).toFixed(1)} %`;
}
