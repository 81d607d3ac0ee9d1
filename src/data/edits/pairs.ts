/** Any two changes in one instruction. */
import type { Random } from "../../random.ts";
import { backgroundPlaces, backgroundScenery } from "../backgrounds.ts";
import { thingPhrase } from "../captions.ts";
import { spellRelation } from "../relations.ts";
import type { SceneObject } from "../scene.ts";
import { relationTo } from "./add.ts";
import { GROWTH, newBackground, resize, SHRINKAGE } from "./appearance.ts";
import { copyOf, type Drafter, type Edit, type EditOptions, newColor, refer, sceneToEdit } from "./edit.ts";
import { substitute } from "./objects.ts";

/** What one of the two does: to one object, to the background, or bringing something new. */
const CHANGES = ["color", "size", "remove", "replace", "background", "add"] as const;
type ChangeKind = (typeof CHANGES)[number];
const OF_OBJECTS: readonly ChangeKind[] = ["color", "size", "remove", "replace"];

/** The scenes as far as they are drawn up; what goes is taken out of the target last, so that objects keep their numbers. */
interface Begun extends Pick<Edit, "source" | "target" | "placement"> {
  gone?: SceneObject;
}

export const pairs: Drafter = (random, options) => {
  const [first, second] = [random.pick(CHANGES), random.pick(CHANGES)];
  const both = [first, second];
  const isTwice = first === second && first !== "color" && first !== "size";
  // An edit brings one new thing at most.
  if (isTwice || both.every((kind) => kind === "add" || kind === "replace")) return undefined;
  const adds = both.includes("add");
  const count = Math.min(adds ? 3 : 2, options.mostObjects ?? 3);
  const target = sceneToEdit(random, options, adds ? 2 : both.includes("background") ? 1 : 2, count);
  const source = copyOf(target);
  const begun: Begun = { source, target };
  // Adding is removing backwards.
  const added = adds ? source.objects.pop() : undefined;
  const old = random.shuffle(source.objects.map((_, i) => i));
  const clauses: string[] = [];
  for (const kind of both) {
    const clause = OF_OBJECTS.includes(kind)
      ? changeObject(random, kind, begun, old.pop(), options)
      : kind === "background"
        ? changeBackground(random, begun, options)
        : tellAdded(random, begun, added);
    if (clause === undefined) return undefined;
    clauses.push(clause);
  }
  target.objects = target.objects.filter((object) => object !== begun.gone);
  const isBesideGone = begun.gone !== undefined && begun.gone.name === begun.placement?.anchor;
  if (isBesideGone || target.objects.length === 0) return undefined;
  const [one, other] = clauses;
  const instruction = `${one[0].toUpperCase()}${one.slice(1)} and ${other}.`;
  return { source, target, instruction, ...(begun.placement ? { placement: begun.placement } : {}) };
};

function changeObject(
  random: Random,
  kind: ChangeKind,
  begun: Begun,
  index: number | undefined,
  options: EditOptions,
): string | undefined {
  if (index === undefined) return undefined;
  const { source, target } = begun;
  const object = target.objects[index];
  const name = refer(random, source.objects[index]);
  switch (kind) {
    case "color": {
      const color = newColor(random, object.color, options);
      if (color === undefined) return undefined;
      object.color = color;
      return random.pick([
        `change the color of the ${name} to ${color}`,
        `change the ${name} to ${color}`,
        `make the ${name} ${color}`,
        `paint the ${name} ${color}`,
      ]);
    }
    case "size": {
      const larger = random.chance(0.5);
      resize(object, larger ? GROWTH : SHRINKAGE);
      return `make the ${name} ${random.pick(larger ? ["bigger", "larger"] : ["smaller"])}`;
    }
    case "remove":
      begun.gone = object;
      return `${random.pick(["remove", "delete", "erase"])} the ${name}`;
    default: {
      const fresh = substitute(random, target, index, options);
      if (fresh === undefined) return undefined;
      const words = thingPhrase(fresh);
      return random.pick([`replace the ${name} with ${words}`, `turn the ${name} into ${words}`]);
    }
  }
}

function changeBackground(random: Random, { source, target }: Begun, options: EditOptions): string | undefined {
  const fresh = newBackground(random, { ...target, background: source.background }, options);
  if (fresh === undefined) return undefined;
  target.background = fresh;
  return random.pick([
    `put everything ${backgroundPlaces(fresh)[0]}`,
    `change the background to ${backgroundScenery(fresh)}`,
  ]);
}

/** Beside something that was there before and still is. */
function tellAdded(random: Random, begun: Begun, added: SceneObject | undefined): string | undefined {
  const { source } = begun;
  if (added === undefined || source.objects.length === 0) return undefined;
  const found = relationTo(random, added, source.objects);
  if (found === undefined) return undefined;
  const { anchor, relation } = found;
  begun.placement = { relation, anchor: anchor.name };
  return `${random.pick(["add", "put", "place"])} ${thingPhrase(added)} ${spellRelation(relation)} the ${refer(random, anchor)}`;
}
