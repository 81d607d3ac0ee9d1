/** Edits of what is in the picture: remove, replace, extract. */
import type { Random } from "../../random.ts";
import { thingPhrase } from "../captions.ts";
import { boxOf, type Scene, type SceneObject, standAt } from "../scene.ts";
import { copyOf, type Drafter, type EditOptions, newObject, refer, sceneToEdit } from "./edit.ts";

export const remove: Drafter = (random, options) => {
  const source = sceneToEdit(random, options, random.chance(0.25) ? 1 : Math.min(2, options.mostObjects ?? 2), 3);
  const target = copyOf(source);
  const [removed] = target.objects.splice(random.integer(target.objects.length), 1);
  const verb = random.pick(["Remove", "Remove", "Delete", "Erase"]);
  return { source, target, instruction: `${verb} the ${refer(random, removed)}.` };
};

/**
 * Puts something new where an object stands, as large as it and on the same ground; undefined when nothing new
 * is allowed.
 */
export function substitute(random: Random, scene: Scene, index: number, options: EditOptions): SceneObject | undefined {
  const old = scene.objects[index];
  const made = newObject(random, scene, old.style, options);
  if (made === undefined) return undefined;
  const fresh = { ...made, size: old.size, x: old.x };
  standAt(fresh, boxOf(old).bottom);
  scene.objects[index] = fresh;
  return fresh;
}

export const replace: Drafter = (random, options) => {
  const source = sceneToEdit(random, options, 1, 3);
  const target = copyOf(source);
  const index = random.integer(target.objects.length);
  const old = source.objects[index];
  const fresh = substitute(random, target, index, options);
  if (fresh === undefined) return undefined;
  const [oldName, newPhrase] = [refer(random, old), thingPhrase(fresh)];
  const instruction = random.pick([
    `Replace the ${oldName} with ${newPhrase}.`,
    `Turn the ${oldName} into ${newPhrase}.`,
    `Swap the ${oldName} for ${newPhrase}.`,
  ]);
  return { source, target, instruction };
};

export const extract: Drafter = (random, options) => {
  const source = sceneToEdit(random, options, 1, 3);
  if (source.background.kind === "plain" && source.background.color === "white") return undefined;
  const kept = random.pick(source.objects);
  const target: Scene = { ...copyOf(source), objects: [{ ...kept }], background: { kind: "plain", color: "white" } };
  const name = refer(random, kept);
  const instruction = random.pick([
    `Extract the ${name} onto a white background.`,
    `Cut out the ${name} and put it on a white background.`,
  ]);
  return { source, target, instruction };
};
