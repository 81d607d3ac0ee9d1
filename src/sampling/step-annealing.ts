import { UserError } from "../errors.ts";

/** Denoising steps of a round: a number of steps, or another respacing; or the first and the last round's number. */
export type Steps = string | readonly [first: number, last: number];

/**
 * Diffusion step annealing (DiSA, arXiv 2505.20297), its linear form: later tokens know more of their surroundings, so fewer steps do. From
 * the first round's number of steps to the last round's in equal strides, each rounded.
 *
 * @returns [rounds] steps
 */
export function annealedSteps(first: number, last: number, rounds: number): number[] {
  for (const steps of [first, last]) {
    if (!Number.isInteger(steps) || steps < 1) {
      throw new UserError(`The number of denoising steps must be a whole number of at least 1, not ${steps}.`);
    }
  }
  if (rounds === 1) return [first];
  return Array.from({ length: rounds }, (_, round) => Math.round(first + ((last - first) * round) / (rounds - 1)));
}

/** The respacing of every round. */
export const stepsOfRounds = (steps: Steps, rounds: number): string[] =>
  typeof steps === "string"
    ? new Array<string>(rounds).fill(steps)
    : annealedSteps(steps[0], steps[1], rounds).map(String);
