/** Questions about edits: what new thing each brings, which is then drawn by itself (models/placing.ts). */
import { type Edit, type EditOptions, type EditType, newThingPrompt, planEdit, type Question } from "../data/index.ts";
import { UserError } from "../errors.ts";
import type { Random } from "../random.ts";
import { NOTHING_NEW, newThingQuestion } from "../text/prompts.ts";

/** How often an edit that is asked about is of a type that may bring something new. */
const BRINGING_SHARE = 0.6;
const BRINGING: readonly EditType[] = ["add", "replace", "hybrid"];
const MOST = 8;

/** Asks what new thing an edit brings. */
export const askForNewThing = (edit: Edit): Pick<Question, "question" | "answer"> => ({
  question: newThingQuestion(edit.instruction),
  answer: newThingPrompt(edit) ?? NOTHING_NEW,
});

/**
 * Asks it of `count` edits, whatever picture they are of: the instruction alone tells.
 *
 * @throws UserError when that is no number of questions, or no edit fits the options
 */
export function askOfEdits(random: Random, options: EditOptions, count = 0): Pick<Question, "question" | "answer">[] {
  if (!(Number.isInteger(count) && count >= 0 && count <= MOST)) {
    throw new UserError(`"ofEdits" is ${count}; it must be a whole number from 0 to ${MOST}.`);
  }
  const { types } = options;
  const bringing = BRINGING.filter((type) => types?.includes(type) ?? true);
  return Array.from({ length: count }, () => {
    const own = bringing.length > 0 && random.chance(BRINGING_SHARE) ? bringing : types;
    return askForNewThing(planEdit(random, { ...options, types: own }));
  });
}
