/** Edits that add something: anywhere that there is room, or in a place of the grids. */
import type { Random } from "../../random.ts";
import { thingPhrase } from "../captions.ts";
import { RELATIONS, type Relation, relationsBetween, spellRelation } from "../relations.ts";
import { boxOf, type SceneObject } from "../scene.ts";
import { copyOf, type Draft, type Drafter, type EditOptions, newObject, refer, sceneToEdit } from "./edit.ts";
import { isOnGrid, nearestOnGrid, withObject } from "./on-grid.ts";

export const add: Drafter = (random, options) => {
  const canBeNear = options.mostObjects !== 1;
  return canBeNear && isOnGrid(random, options) ? addOnGrid(random, options) : addAnywhere(random, options);
};

/** Adding is removing backwards: the target is drawn up first, so there is always room for what is added. */
function addAnywhere(random: Random, options: EditOptions): Draft {
  const target = sceneToEdit(random, options, random.chance(0.25) ? 1 : Math.min(2, options.mostObjects ?? 2), 3);
  const source = copyOf(target);
  const added = source.objects.pop()!;
  const verb = random.pick(VERBS);
  if (source.objects.length === 0) return { source, target, instruction: `Add ${thingPhrase(added)}.` };
  const anchor = random.pick(source.objects);
  const holding = relationsBetween(boxOf(added), boxOf(anchor));
  if (holding.length === 0) return undefined;
  return { source, target, ...request(random, verb, added, random.pick(holding), anchor) };
}

/** Large, and as near as it can be to what it has the relation to: the source and the instruction alone tell where something goes. */
function addOnGrid(random: Random, options: EditOptions): Draft {
  const source = sceneToEdit(random, options, 1, 2);
  const made = newObject(random, source, source.objects[0].style, options);
  if (made === undefined) return undefined;
  const anchor = random.pick(source.objects);
  const free = nearestOnGrid(source, made, anchor);
  const choices = RELATIONS.flatMap((relation) => {
    const fitting = free.find((object) => relationsBetween(boxOf(object), boxOf(anchor)).includes(relation));
    return fitting === undefined ? [] : [{ relation, object: fitting }];
  });
  if (choices.length === 0) return undefined;
  const { relation, object } = random.pick(choices);
  return {
    source,
    target: withObject(source, object),
    ...request(random, random.pick(VERBS), object, relation, anchor),
  };
}

const VERBS = ["Add", "Add", "Put", "Place"];

function request(random: Random, verb: string, added: SceneObject, relation: Relation, anchor: SceneObject) {
  const where = `${spellRelation(relation)} the ${refer(random, anchor)}`;
  return { instruction: `${verb} ${thingPhrase(added)} ${where}.`, placement: { relation, anchor: anchor.name } };
}
