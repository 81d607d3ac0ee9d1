/** Edits that add something, anywhere that there is room. */
import { thingPhrase } from "../captions.ts";
import { relationsBetween, spellRelation } from "../relations.ts";
import { boxOf } from "../scene.ts";
import { copyOf, type Drafter, refer, sceneToEdit } from "./edit.ts";

/** Adding is removing backwards: the target is drawn up first, so there is always room for what is added. */
export const add: Drafter = (random, options) => {
  const target = sceneToEdit(random, options, random.chance(0.25) ? 1 : Math.min(2, options.mostObjects ?? 2), 3);
  const source = copyOf(target);
  const added = source.objects.pop()!;
  const verb = random.pick(VERBS);
  if (source.objects.length === 0) return { source, target, instruction: `Add ${thingPhrase(added)}.` };
  const anchor = random.pick(source.objects);
  const holding = relationsBetween(boxOf(added), boxOf(anchor));
  if (holding.length === 0) return undefined;
  const relation = random.pick(holding);
  const where = `${spellRelation(relation)} the ${refer(random, anchor)}`;
  const instruction = `${verb} ${thingPhrase(added)} ${where}.`;
  return { source, target, instruction, placement: { relation, anchor: anchor.name } };
};

const VERBS = ["Add", "Add", "Put", "Place"];
