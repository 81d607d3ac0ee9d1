/**
 * The combinations kept from training, to see whether a model combines what it knows: a tenth, by hash, of all (object, colour),
 * (object, object), (object, count) and (object, relation, object). Every object, colour, count and relation is still trained on.
 */
import { hashText } from "./hash.ts";
import { boxOf, opposite, relationsBetween, type Scene } from "./scene.ts";

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

/** Every combination that a scene shows, each written in one way only. */
function combinationsOf(scene: Scene): string[] {
  const keys = new Set<string>();
  const counts = new Map<string, number>();
  for (const { name, color } of scene.objects) {
    if (color !== null) keys.add(`${color} ${name}`);
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  for (const [name, count] of counts) if (count > 1) keys.add(`${count} ${name}`);
  const boxes = scene.objects.map(boxOf);
  for (let first = 0; first < boxes.length; first++) {
    for (let second = first + 1; second < boxes.length; second++) {
      const [a, b] = [scene.objects[first].name, scene.objects[second].name];
      if (a === b) continue;
      keys.add(a < b ? `${a} and ${b}` : `${b} and ${a}`);
      for (const relation of relationsBetween(boxes[first], boxes[second])) {
        // "A right of B" is "B left of A", and "A below B" is "B above A".
        const forward = relation === "left of" || relation === "above";
        keys.add(forward ? `${a} ${relation} ${b}` : `${b} ${opposite(relation)} ${a}`);
      }
    }
  }
  return [...keys];
}

/** Whether a scene shows any combination that is held out of training. */
export function isHeldOut(scene: Scene): boolean {
  return combinationsOf(scene).some(keyIsHeldOut);
}
