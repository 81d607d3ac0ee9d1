/** What an edit puts somewhere: something new, or something of its source that goes elsewhere, grows, shrinks or turns. */
import type { Box } from "../relations.ts";
import { boxOf, type Scene, type SceneObject } from "../scene.ts";
import type { Edit } from "./edit.ts";
import { alone, newThing } from "./new-thing.ts";

export interface PlacedThing {
  /** What it looks like: a picture of something new by itself, or the edit's source. */
  scene: Scene;
  isNew: boolean;
  /** Where it is in that, and where in the edit's target. */
  from: Box;
  to: Box;
  /** Facing the other way. */
  flip: boolean;
}

/** The first thing that an edit puts somewhere; undefined where it puts none. Another pose or look is no other place. */
export function placedThing({ source, target }: Pick<Edit, "source" | "target">): PlacedThing | undefined {
  const made = newThing({ source, target });
  if (made !== undefined) {
    const scene = alone(made);
    return { scene, isNew: true, from: boxOf(scene.objects[0]), to: boxOf(made), flip: made.flip };
  }
  for (const before of source.objects) {
    const after = target.objects.find(({ name }) => name === before.name);
    if (after === undefined || after.icon !== before.icon || isThere(before, after)) continue;
    return { scene: source, isNew: false, from: boxOf(before), to: boxOf(after), flip: before.flip !== after.flip };
  }
  return undefined;
}

const isThere = (a: SceneObject, b: SceneObject): boolean =>
  a.x === b.x && a.y === b.y && a.size === b.size && a.flip === b.flip;
