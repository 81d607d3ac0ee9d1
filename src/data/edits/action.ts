/** Edits of what something does: take another pose, jump, face the other way. */
import type { Random } from "../../random.ts";
import { hasGround } from "../backgrounds.ts";
import { iconId, OBJECTS } from "../objects.ts";
import { POSES } from "../poses.ts";
import { boxOf, standAt } from "../scene.ts";
import { copyOf, type Draft, type Drafter, type EditOptions, refer, sceneToEdit } from "./edit.ts";

/** How high a jump is, relative to the picture. */
export const JUMP = 0.14;

export const action: Drafter = (random, options) => random.pick([changePose, changePose, jump, turn])(random, options);

function changePose(random: Random, options: EditOptions): Draft {
  const kinds = POSES.filter(({ name }) => options.objects === undefined || options.objects.includes(name));
  if (kinds.length === 0) return undefined;
  const kind = random.pick(kinds);
  const [before, after] = random.shuffle(Object.keys(kind.poses));
  const source = sceneToEdit(random, options, 1, 2);
  const [object, other] = source.objects;
  if (other?.name === kind.name) return undefined;
  const { bottom } = boxOf(object);
  const icon = iconId(kind.poses[before], object.style);
  Object.assign(object, { name: kind.name, icon, color: null, flip: false });
  standAt(object, bottom);

  const target = copyOf(source);
  target.objects[0].icon = iconId(kind.poses[after], object.style);
  standAt(target.objects[0], bottom);
  const verb = `${after[0].toUpperCase()}${after.slice(1)}`;
  const instruction = kind.alive ? `Make the ${kind.name} ${after}.` : `${verb} the ${kind.name}.`;
  return { source, target, instruction };
}

function jump(random: Random, options: EditOptions): Draft {
  const source = sceneToEdit(random, options, 1, 2);
  if (!hasGround(source.background.kind)) return undefined;
  const target = copyOf(source);
  const able = target.objects.filter(({ name }) => OBJECTS[name].jumps);
  if (able.length === 0) return undefined;
  const object = random.pick(able);
  object.y -= JUMP;
  object.lift = JUMP;
  return { source, target, instruction: `Make the ${refer(random, object)} jump.` };
}

function turn(random: Random, options: EditOptions): Draft {
  const source = sceneToEdit(random, options, 1, 2);
  const target = copyOf(source);
  const able = target.objects.filter(({ name }) => OBJECTS[name].turns);
  if (able.length === 0) return undefined;
  const object = random.pick(able);
  object.flip = !object.flip;
  const name = refer(random, object);
  const instruction = random.pick([`Make the ${name} face the other way.`, `Turn the ${name} around.`]);
  return { source, target, instruction };
}
