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
