/** How classifier-free guidance behaves over the rounds: the same throughout, or rising with the share of tokens drawn. */
export type GuidanceSchedule = "constant" | "linear";

/** The names a user may write for {@link GuidanceSchedule}. */
export const guidanceSchedules: readonly GuidanceSchedule[] = ["constant", "linear"];

/**
 * The guidance scale of one round: `scale`, or `1 + (scale - 1)(tokens - maskLength)/tokens`.
 *
 * @param scale guidance at full strength; 1 is unguided
 * @param maskLength the round's *new* mask length, `MaskRound.maskLength`
 * @param tokens tokens in the whole picture
 */
export function guidanceScale(schedule: GuidanceSchedule, scale: number, maskLength: number, tokens: number): number {
  return schedule === "constant" ? scale : 1 + ((scale - 1) * (tokens - maskLength)) / tokens;
}

/** A part of the rounds, by shares of all: from 0, before the first, to 1, after the last. */
export type RoundInterval = readonly [start: number, end: number];

/**
 * Whether a round is guided when guidance is kept to an interval (arXiv 2404.07724, whose intervals of noise levels become intervals of
 * rounds here): when the round's middle lies in it.
 */
export function isGuided(interval: RoundInterval = [0, 1], round: number, rounds: number): boolean {
  const middle = (round + 0.5) / rounds;
  return middle >= interval[0] && middle <= interval[1];
}
