/**
 * The held-out split read a second time, from plain data and from words, so that a test does not ask the code under test: what a scene
 * shows, what a text says, which of it is held out, and which texts are GenEval's prompts.
 */
import { hashText } from "../../src/data/hash.ts";
import { COLOR_NAMES, GENEVAL_PROMPTS, OBJECT_NAMES, type Scene, type SceneObject } from "../../src/data/index.ts";
import { OBJECTS } from "../../src/data/objects.ts";
import { POSES } from "../../src/data/poses.ts";
import { iconShape } from "../../src/data/sprites.ts";

const decided = new Map<string, boolean>();

/** A tenth of all combinations, by hash: "red car", "3 dog", "car and dog", "car left of dog", "car above dog". */
export function isHeldOutKey(key: string): boolean {
  let heldOut = decided.get(key);
  if (heldOut === undefined) {
    heldOut = hashText(`held out: ${key}`) % 10 ** 2 < 10;
    decided.set(key, heldOut);
  }
  return heldOut;
}

/** All combinations that a scene shows. */
export function shown({ objects }: Scene): string[] {
  const keys: string[] = [];
  const counts: Record<string, number> = {};
  for (const { name, color } of objects) {
    if (color !== null) keys.push(`${color} ${name}`);
    counts[name] = (counts[name] ?? 0) + 1;
  }
  for (const [name, count] of Object.entries(counts)) if (count >= 2) keys.push(`${count} ${name}`);
  for (const a of objects) for (const b of objects) if (a.name < b.name) keys.push(...shownByTwo(a, b));
  return keys;
}

/** Of two objects, the first in the alphabet before the second: the pair, and how one stands to the other by GenEval's rule. */
function shownByTwo(a: SceneObject, b: SceneObject): string[] {
  const keys = [`${a.name} and ${b.name}`];
  const [shapeA, shapeB] = [iconShape(a.icon), iconShape(b.icon)];
  const distance = Math.hypot(a.x - b.x, a.y - b.y);
  const along = (offset: number, sides: number) => Math.max(0, Math.abs(offset) - 0.1 * sides) / distance > 0.5;
  if (along(a.x - b.x, a.size * shapeA.width + b.size * shapeB.width)) {
    keys.push(a.x < b.x ? `${a.name} left of ${b.name}` : `${b.name} left of ${a.name}`);
  }
  if (along(a.y - b.y, a.size * shapeA.height + b.size * shapeB.height)) {
    keys.push(a.y < b.y ? `${a.name} above ${b.name}` : `${b.name} above ${a.name}`);
  }
  return keys;
}

const either = (words: readonly string[]): string => `(?:${[...words].sort((a, b) => b.length - a.length).join("|")})`;
const pluralOf = (name: string): string => OBJECTS[name].plural ?? `${name}s`;

const NAMES = [...OBJECT_NAMES, ...POSES.map(({ name }) => name)];
const NOUN = either(NAMES);
const COLOR = either(COLOR_NAMES);
const NUMBERS = ["two", "three", "four"];
const SINGULAR = new Map(OBJECT_NAMES.map((name) => [pluralOf(name), name]));

const COLORED = new RegExp(`\\b(${COLOR}) (${NOUN}|${either([...SINGULAR.keys()])})(?![a-z])`, "g");
const COUNTED = new RegExp(`\\b(${either(NUMBERS)}) (?:${COLOR} )?(${either([...SINGULAR.keys()])})(?![a-z])`, "g");
/** The first is found by going back from the relation, which is much faster than looking for any noun. */
const RELATION = new RegExp(
  ` (left of|right of|above|below) (?:the |an? (?:pair of )?)?(?:${COLOR} )?(${NOUN})(?![a-z])`,
  "g",
);
const BEFORE_RELATION = new RegExp(`(?<![a-z])(${NOUN})(?: is| are)?(?: to the)?$`);

/** The combinations of colour, number or relation that a text names, whether it says that they are there or asks for them. */
export function said(text: string): string[] {
  const keys: string[] = [];
  for (const [, color, noun] of text.matchAll(COLORED)) keys.push(`${color} ${SINGULAR.get(noun) ?? noun}`);
  for (const [, number, noun] of text.matchAll(COUNTED))
    keys.push(`${NUMBERS.indexOf(number) + 2} ${SINGULAR.get(noun)!}`);
  for (const { index, 1: relation, 2: second } of text.matchAll(RELATION)) {
    const first = BEFORE_RELATION.exec(text.slice(0, index))?.[1];
    // "Add a dog to the left of the car": what is in front of the relation is a noun all the same.
    if (first === undefined || first === second) continue;
    if (relation === "left of" || relation === "above") keys.push(`${first} ${relation} ${second}`);
    else keys.push(`${second} ${relation === "below" ? "above" : "left of"} ${first}`);
  }
  return keys;
}

/** Words without what does not matter: letter case, marks, and how a plural, a pair or a relation is spelled. */
function plainly(text: string): string {
  let words = text
    .toLowerCase()
    .replace(/[^a-z ]/g, "")
    .replace(/\bto the (left|right) of\b/g, "$1 of")
    .replace(/\ba pair of\b/g, "a")
    .trim();
  for (const name of OBJECT_NAMES) {
    const theirs = name.endsWith("s") ? `${name}es` : `${name}s`;
    for (const number of NUMBERS) {
      if (words.endsWith(`${number} ${pluralOf(name)}`)) words = words.replace(pluralOf(name), theirs);
    }
  }
  return words;
}

const PROMPTS: ReadonlySet<string> = new Set(GENEVAL_PROMPTS.map(({ prompt }) => plainly(prompt)));

/** Whether a text is one of GenEval's prompts, in its spelling or in this project's. */
export const isPrompt = (text: string): boolean => /^a photo of /i.test(text) && PROMPTS.has(plainly(text));
