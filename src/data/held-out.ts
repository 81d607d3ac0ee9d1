/**
 * The combinations kept from training, to see whether a model combines what it knows: a tenth, by hash, of all (object, colour),
 * (object, object), (object, count) and (object, relation, object). Every object, colour, count and relation is still trained on.
 */
import type { ColorName } from "./colors.ts";
import { hashText } from "./hash.ts";
import { opposite, type Relation, relationsBetween } from "./relations.ts";
import { boxOf, type Scene } from "./scene.ts";

/** The share of combinations held out. */
const HELD_OUT_PERCENT = 10;

const decisions = new Map<string, boolean>();

function keyIsHeldOut(key: string): boolean {
  let heldOut = decisions.get(key);
  if (heldOut === undefined) {
    heldOut = hashText(`held out: ${key}`) % 100 < HELD_OUT_PERCENT;
    decisions.set(key, heldOut);
  }
  return heldOut;
}

const colorKey = (color: ColorName, name: string): string => `${color} ${name}`;

/** "A right of B" is "B left of A", and "A below B" is "B above A". */
const relationKey = (a: string, relation: Relation, b: string): string =>
  relation === "left of" || relation === "above" ? `${a} ${relation} ${b}` : `${b} ${opposite(relation)} ${a}`;

/** Whether an object in a colour is held out of training. */
export const isHeldOutColor = (color: ColorName, name: string): boolean => keyIsHeldOut(colorKey(color, name));

/** Whether one object in a relation to another is held out of training, whichever way round it is said. */
export const isHeldOutRelation = (a: string, relation: Relation, b: string): boolean =>
  keyIsHeldOut(relationKey(a, relation, b));

/** Every combination that a scene shows, each written in one way only. */
function combinationsOf(scene: Scene): string[] {
  const keys = new Set<string>();
  const counts = new Map<string, number>();
  for (const { name, color } of scene.objects) {
    if (color !== null) keys.add(colorKey(color, name));
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  for (const [name, count] of counts) if (count > 1) keys.add(`${count} ${name}`);
  const boxes = scene.objects.map(boxOf);
  for (let first = 0; first < boxes.length; first++) {
    for (let second = first + 1; second < boxes.length; second++) {
      const [a, b] = [scene.objects[first].name, scene.objects[second].name];
      if (a === b) continue;
      keys.add(a < b ? `${a} and ${b}` : `${b} and ${a}`);
      for (const relation of relationsBetween(boxes[first], boxes[second])) keys.add(relationKey(a, relation, b));
    }
  }
  return [...keys];
}

/** Whether a scene shows any combination that is held out of training. */
export function isHeldOut(scene: Scene): boolean {
  return combinationsOf(scene).some(keyIsHeldOut);
}
