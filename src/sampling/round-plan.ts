import { isGuided, type RoundInterval } from "./guidance.ts";
import { type Steps, stepsOfRounds } from "./step-annealing.ts";

/** What decides how much each round computes. */
export interface RoundPlanOptions {
  steps: Steps;
  /** Whether pictures are guided at all. */
  guided: boolean;
  /** The share of the rounds that are guided if any are; all of them where left out. */
  guidanceInterval?: RoundInterval;
  /** Share of the decoder's tokens whose features a round takes from the one before, 0 to 1; 0 computes all (LazyMAR's token cache). */
  tokenCache?: number;
  /** Whether a round takes the difference that the condition makes from an earlier one (LazyMAR's condition cache). */
  conditionCache?: boolean;
  /** Every so manieth round computes everything anew, if either cache is on. */
  cacheRefresh?: number;
}

/** How one round is computed. */
export interface RoundPlan {
  /** The respacing of its denoising steps. */
  steps: string;
  /** Whether the round is unguided, or else where the conditions without the prompt come from. */
  unconditional: "absent" | "computed" | "reused";
  /** Whether all of the decoder's tokens are computed. */
  isFull: boolean;
}

/**
 * The plan of every round. The caches are LazyMAR's (arXiv 2503.12450): fill, reuse for some rounds, refresh, so that errors do not pile up.
 * A round that needs something which the last refresh did not compute is a refresh itself.
 *
 * @param rounds rounds that are really made, `maskRounds(...).length`
 */
export function planRounds(rounds: number, options: RoundPlanOptions): RoundPlan[] {
  const { guided, guidanceInterval, tokenCache = 0, conditionCache = false, cacheRefresh = 1 } = options;
  const usesCache = tokenCache > 0 || conditionCache;
  const steps = stepsOfRounds(options.steps, rounds);
  let age = Number.POSITIVE_INFINITY;
  let hasTwin = false;
  return Array.from({ length: rounds }, (_, round) => {
    const isTwinNeeded = guided && isGuided(guidanceInterval, round, rounds);
    age++;
    const isFull = !usesCache || age >= cacheRefresh || (isTwinNeeded && !hasTwin);
    if (isFull) age = 0;
    if (isFull || !isTwinNeeded) hasTwin = isTwinNeeded;
    const source = isFull || !conditionCache ? "computed" : "reused";
    // Without a token cache there is nothing to reuse within the decoder.
    return { steps: steps[round], unconditional: isTwinNeeded ? source : "absent", isFull: isFull || tokenCache === 0 };
  });
}
