/** Edits that add something, anywhere that there is room. */
import type { Random } from "../../random.ts";
import { thingPhrase } from "../captions.ts";
import { type Relation, relationsBetween, spellRelation } from "../relations.ts";
import { boxOf, type SceneObject } from "../scene.ts";
import { copyOf, type Drafter, refer, sceneToEdit } from "./edit.ts";

/** Adding is removing backwards: the target is drawn up first, so there is always room for what is added. */
export const add: Drafter = (random, options) => {
  const target = sceneToEdit(random, options, random.chance(0.25) ? 1 : Math.min(2, options.mostObjects ?? 2), 3);
  const source = copyOf(target);
  const added = source.objects.pop()!;
  const verb = random.pick(VERBS);
  if (source.objects.length === 0) return { source, target, instruction: `Add ${thingPhrase(added)}.` };
  const found = relationTo(random, added, source.objects);
  if (found === undefined) return undefined;
  const { anchor, relation } = found;
  const where = `${spellRelation(relation)} the ${refer(random, anchor)}`;
  const instruction = `${verb} ${thingPhrase(added)} ${where}.`;
  return { source, target, instruction, placement: { relation, anchor: anchor.name } };
};

/** How something stands to one of the others; undefined where no relation holds that can be said. */
export function relationTo(
  random: Random,
  added: SceneObject,
  others: readonly SceneObject[],
): { anchor: SceneObject; relation: Relation } | undefined {
  const anchor = random.pick(others);
  const holding = relationsBetween(boxOf(added), boxOf(anchor));
  return holding.length === 0 ? undefined : { anchor, relation: random.pick(holding) };
}

const VERBS = ["Add", "Add", "Put", "Place"];
