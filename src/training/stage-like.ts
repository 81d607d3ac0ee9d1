import { UserError } from "../errors.ts";

export type Json = Record<string, unknown>;

/** Entries that are taken over one by one from inside; of all others a stage's own one stands whole. */
const MERGED = ["scenes", "captions", "edits", "seen", "questions"];

/**
 * The stages of a training file in which each that names an earlier one as `like` has its entries, too: what a stage says itself goes
 * first. The result no longer says `like`.
 *
 * @throws UserError when there is no such stage before, or two stages have one name
 */
export function withLikenesses(stages: readonly unknown[], where: string): unknown[] {
  const named = new Map<unknown, Json>();
  return stages.map((stage, i) => {
    if (!isObject(stage)) return stage;
    const { like, ...own } = stage;
    if (own.name !== undefined && named.has(own.name)) {
      throw new UserError(`${where}: stage ${i + 1} has the name of an earlier one, ${JSON.stringify(own.name)}.`);
    }
    const earlier = like === undefined ? {} : named.get(like);
    if (!earlier) {
      const known = named.size > 0 ? `before it are ${[...named.keys()].join(", ")}` : "it is the first";
      throw new UserError(
        `${where}: stage ${i + 1} is like ${JSON.stringify(like)}, but no stage before it has that name: ${known}.`,
      );
    }
    const whole: Json = { ...earlier, ...own, name: own.name };
    for (const entry of MERGED) {
      const [base, changes] = [earlier[entry], own[entry]];
      if (isObject(base) && isObject(changes)) whole[entry] = { ...base, ...changes };
    }
    if (own.name !== undefined) named.set(own.name, whole);
    return whole;
  });
}

export const isObject = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value);
