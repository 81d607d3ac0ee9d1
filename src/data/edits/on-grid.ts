/** New things in places of the grids, so that the source and the instruction alone tell where they go. */
import type { Random } from "../../random.ts";
import { mixedSpots } from "../mixed-grid.ts";
import { isClear, type Scene, type SceneObject } from "../scene.ts";
import { iconShape } from "../sprites.ts";
import { copyOf, type EditOptions } from "./edit.ts";

/** Whether what is new in an edit stands on a grid this time. */
export const isOnGrid = (random: Random, { newOnGrid = 0 }: EditOptions): boolean => random.happens(newOnGrid);

/** Everywhere on the grid of large objects that something can stand beside all else in a scene, the nearest to an object first. */
export function nearestOnGrid(scene: Scene, made: SceneObject, to: SceneObject): SceneObject[] {
  return freeOnGrid(scene, made, true).sort((a, b) => away(a, to) - away(b, to));
}

/** Something as near to where an object was as a grid has room for it, and of about its size; undefined when there is none. */
export function inPlaceOnGrid(scene: Scene, made: SceneObject, old: SceneObject): SceneObject | undefined {
  const differs = (object: SceneObject) => away(object, old) + Math.abs(object.size - old.size);
  const free = [true, false].flatMap((isLarge) => freeOnGrid(scene, made, isLarge));
  return free.sort((a, b) => differs(a) - differs(b))[0];
}

/** Which way it faces would not be told either, so it faces as its icon does. */
function freeOnGrid(scene: Scene, made: SceneObject, isLarge: boolean): SceneObject[] {
  return mixedSpots(iconShape(made.icon), isLarge)
    .map((spot) => ({ ...made, ...spot, flip: false }))
    .filter((object) => isClear(withObject(scene, object)));
}

export function withObject(scene: Scene, object: SceneObject): Scene {
  const more = copyOf(scene);
  more.objects.push(object);
  return more;
}

const away = (a: SceneObject, b: SceneObject): number => Math.hypot(a.x - b.x, a.y - b.y);
