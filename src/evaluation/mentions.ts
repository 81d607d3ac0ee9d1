import { COLOR_NAMES, OBJECT_NAMES } from "../data/index.ts";
import { plural } from "../data/words.ts";

/** An orange is the thing, and orange walls are not: what a colour stands between when it is that of a background. */
const NO_THING = { before: "(?<!\\b(?:to|from) )", after: "(?! (?:background|walls?|room|gradient|polka|to)\\b)" };

const isColor = (name: string): boolean => (COLOR_NAMES as readonly string[]).includes(name);

/**
 * Longest first, so that "teddy bear" is not taken for "bear"; what is the name of a colour too last, when no other object takes it for
 * its colour.
 */
const NAMES = [...OBJECT_NAMES].sort((a, b) => Number(isColor(a)) - Number(isColor(b)) || b.length - a.length);

/** The objects that a text names, in singular or plural, each once. */
export function mentionedObjects(text: string): string[] {
  let rest = text.toLowerCase();
  return NAMES.filter((name) => {
    const { before, after } = isColor(name) ? NO_THING : { before: "", after: "" };
    const words = `(?:(?:${COLOR_NAMES.join("|")}) )?(?:${plural(name)}|${name})`;
    const pattern = new RegExp(`${before}\\b${words}\\b${after}`, "g");
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
