/** What a turn of a conversation asks for. */
export type ChatTask = "draw" | "edit" | "ask";

export interface ChatRequest {
  task: ChatTask;
  /** The prompt, the instruction or the question. */
  words: string;
}

/** First words that ask for a new picture. */
export const DRAW_VERBS: readonly string[] = ["draw", "generate", "sketch", "create", "imagine"];

/** First words that ask for a change of the picture: those of the instructions that models here are trained with, and their like. */
export const EDIT_VERBS: readonly string[] = [
  ...["edit", "change", "turn", "replace", "add", "remove", "cut", "extract", "swap", "delete", "erase", "redraw"],
  ...["place", "put", "close", "open", "invert", "give", "move", "recolor", "rotate", "flip", "crop", "convert"],
];

/** First words that ask for a new picture before `a`, `an`, `some` or `me`, and for a change before anything else. */
export const EITHER_VERBS: readonly string[] = ["make", "paint"];

const NEW = ["a", "an", "some", "me"];

/** `a picture of`, `an image:` and the like, which the drawing prompt says by itself. */
const PICTURE_OF = /^(?:(?:a|an|the) )?(?:picture|image)(?: of|:)\s+(?=\S)/i;

/**
 * Decides by its first word what a turn asks for; the whole rule:
 *
 * 1. what ends in a question mark is a question;
 * 2. a leading "please" is left out;
 * 3. a first word among {@link DRAW_VERBS} draws what stands after it, without "me" and without "a picture of" or "an image of";
 * 4. one among {@link EDIT_VERBS} edits, and the instruction is all that was said;
 * 5. one among {@link EITHER_VERBS} draws before "a", "an", "some" or "me", and edits before anything else;
 * 6. everything else is a question.
 */
export function requestOf(text: string): ChatRequest {
  const said = text.trim();
  if (said.endsWith("?")) return { task: "ask", words: said };
  const asked = said.replace(/^please[, ]\s*/i, "");
  const [, verb = "", rest = ""] = /^(\p{L}+)[:,]?(?:\s+(.*))?$/su.exec(asked) ?? [];
  const first = verb.toLowerCase();
  const next = /^\p{L}*/u.exec(rest)?.[0].toLowerCase() ?? "";
  const draws = DRAW_VERBS.includes(first) || (EITHER_VERBS.includes(first) && NEW.includes(next));
  if (draws) return { task: "draw", words: rest.replace(/^me\s+/i, "").replace(PICTURE_OF, "") };
  if (EDIT_VERBS.includes(first) || EITHER_VERBS.includes(first)) return { task: "edit", words: asked };
  return { task: "ask", words: said };
}
