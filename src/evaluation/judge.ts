import { type Proportion, proportion } from "./proportion.ts";
import { PARTS, type Part } from "./reader/config.ts";
import type { Reading } from "./reader/reader.ts";

/** What a picture should show; a part of which nothing was said is left out. */
export type Wanted = Readonly<Partial<Record<Part, string>>>;

/** The share of pictures right in each part, among those of which it was wanted, and in the parts that matter together. */
export type Scores = Record<Part | "together", Proportion>;

/** A picture's reading beside what was wanted. */
export interface Judged {
  wanted: Wanted;
  reading: Reading;
}

/** Whether a reading has all the parts that were wanted; what cannot be told is wrong. */
export function satisfies(reading: Reading, wanted: Wanted, parts: readonly Part[] = PARTS): boolean {
  return parts.every((part) => wanted[part] === undefined || reading[part] === wanted[part]);
}

/** @param together the parts that have to be right at once; a part that was not wanted is not in the way */
export function score(judged: readonly Judged[], together: readonly Part[] = ["object", "color"]): Scores {
  const of = (part: Part): Proportion =>
    proportion(
      judged.filter(({ wanted }) => wanted[part] !== undefined),
      ({ reading, wanted }) => satisfies(reading, wanted, [part]),
    );
  return {
    object: of("object"),
    color: of("color"),
    background: of("background"),
    together: proportion(judged, ({ reading, wanted }) => satisfies(reading, wanted, together)),
  };
}
