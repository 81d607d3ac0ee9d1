/** GenEval's rules (arXiv 2310.11513): what a picture has to show for a prompt, and scenes that show it. */
import {
  type Box,
  type GenEvalPrompt,
  type PlanOptions,
  planScene,
  relationsBetween,
  type Scene,
  sizesFor,
} from "../data/index.ts";
import { UserError } from "../errors.ts";
import type { Random } from "../random.ts";
import { type Detection, named, type Sighting, sightingOf } from "./sighting.ts";

/** What a prompt asks for, in words or not. */
export type Wanted = Pick<GenEvalPrompt, "tag" | "include" | "exclude">;

/**
 * What is wrong with a picture, in a few words, or undefined when it is right. As GenEval has it: of every required object there are as
 * many as required, the surest of which have the required colour and stand in the required relation to all those that the relation
 * names; and there are not so many of what is excluded.
 */
export function faultOf(sighting: Sighting, { include, exclude }: Wanted): string | undefined {
  const found: Detection[][] = [];
  for (const { object, count, color, position } of include) {
    const matches = named(sighting, object).slice(0, count);
    if (matches.length < count) return `${matches.length} of ${count} ${object}`;
    const painted = matches.filter((match) => match.color === color);
    if (color !== undefined && painted.length < count) return `${object} is ${matches[0].color}, not ${color}`;
    if (position !== undefined) {
      const [relation, from] = position;
      const holds = (box: Box) => found[from].every((other) => relationsBetween(box, other.box).includes(relation));
      if (!matches.every(({ box }) => holds(box))) return `${object} is not ${relation} ${include[from].object}`;
    }
    found.push(matches);
  }
  const tooMany = exclude.find(({ object, count }) => named(sighting, object).length >= count);
  return tooMany && `${named(sighting, tooMany.object).length} ${tooMany.object}`;
}

const MOST_ATTEMPTS = 300;

/**
 * A scene that shows what is wanted.
 *
 * @param world what else it looks like; objects and colours are the wanted ones
 * @throws UserError when no scene of that world shows it
 */
export function sceneOf(random: Random, wanted: Wanted, world: PlanOptions = {}): Scene {
  const { tag, include } = wanted;
  const colors = include.flatMap(({ color }) => color ?? []);
  const options: PlanOptions = {
    ...world,
    tasks: [tag],
    objects: include.map(({ object }) => object),
    colors: colors.length === 0 ? undefined : colors,
    sizes: sizesFor(tag, world.sizes),
    heldOut: "any",
  };
  for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt++) {
    const scene = planScene(random, options);
    if (faultOf(sightingOf(scene), wanted) === undefined) return scene;
  }
  const names = include.map(({ count, object }) => `${count} ${object}`).join(", ");
  throw new UserError(`No scene of this world shows ${names} as wanted: allow more backgrounds.`);
}
