import { EASY_OBJECTS } from "../data/index.ts";
import { plural } from "../data/words.ts";

/** Longest first, so that "teddy bear" is not taken for "bear". */
const NAMES = [...EASY_OBJECTS].sort((a, b) => b.length - a.length);

/** The objects that a text names, in singular or plural, each once. */
export function mentionedObjects(text: string): string[] {
  let rest = text.toLowerCase();
  return NAMES.filter((name) => {
    const pattern = new RegExp(`\\b(${plural(name)}|${name})\\b`, "g");
    const isNamed = pattern.test(rest);
    rest = rest.replace(pattern, "-");
    return isNamed;
  });
}

/** Whether a text names this object and no other. */
export function namesOnly(text: string, object: string): boolean {
  const mentioned = mentionedObjects(text);
  return mentioned.length === 1 && mentioned[0] === object;
}
