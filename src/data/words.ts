import { OBJECTS } from "./objects.ts";

/** Some characters of a text, from one up to another. */
export interface Span {
  from: number;
  to: number;
}

const NUMBERS = ["zero", "one", "two", "three", "four"];

/** Zero to four in words. */
export function numberWord(count: number): string {
  return NUMBERS[count] ?? String(count);
}

/** A noun phrase with its indefinite article: "a red car", "an apple". */
export function article(phrase: string): string {
  return `${/^[aeiou]/.test(phrase) ? "an" : "a"} ${phrase}`;
}

/** The plural of an object's name. */
export function plural(name: string): string {
  return OBJECTS[name]?.plural ?? `${name}s`;
}

/** Things that come in one piece but are spoken of in pairs; GenEval's prompts have "a scissors", people mostly do not. */
export const PAIRS: ReadonlySet<string> = new Set(["scissors", "skis"]);
