/** New things in whole cells of the fine grid, so that the source and the instruction alone tell where they go. */
import type { Random } from "../../random.ts";
import { fineSpots } from "../fine-grid.ts";
import { isClear, type Scene, type SceneObject } from "../scene.ts";
import { iconShape } from "../sprites.ts";
import { copyOf, type EditOptions } from "./edit.ts";

/** Of something as large as this or larger, what takes its place is large if it can be. */
const LEAST_LARGE = 0.3;
/** Something of the other size has to be so much nearer. */
const OTHER_SIZE = 0.15;

/** Whether what is new in an edit stands on the grid this time. A share of 0 draws nothing, so that edits stay what they were before there was such a share. */
export const isOnGrid = (random: Random, { newOnGrid = 0 }: EditOptions): boolean =>
  newOnGrid > 0 && random.chance(newOnGrid);

/** Everywhere that something can stand beside all else in a scene: first where it is large, then where it is small, each time the nearest to an object first. */
export function nearestOnGrid(scene: Scene, made: SceneObject, to: SceneObject): SceneObject[] {
  const { large, small } = freeOnGrid(scene, made);
  return [large, small].flatMap((free) => free.sort((a, b) => distance(a, to) - distance(b, to)));
}

/** Something where an object was and about as large; undefined when there is no room for it. */
export function inPlaceOnGrid(scene: Scene, made: SceneObject, old: SceneObject): SceneObject | undefined {
  const { large, small } = freeOnGrid(scene, made);
  const isLarge = old.size >= LEAST_LARGE;
  const rate = (free: SceneObject[], extra: number) =>
    free.map((object) => ({ object, away: distance(object, old) + extra }));
  const rated = [...rate(large, isLarge ? 0 : OTHER_SIZE), ...rate(small, isLarge ? OTHER_SIZE : 0)];
  return rated.sort((a, b) => a.away - b.away)[0]?.object;
}

/** Which way it faces would not be told either, so it faces as its icon does. */
function freeOnGrid(scene: Scene, made: SceneObject): { large: SceneObject[]; small: SceneObject[] } {
  const { large, small } = fineSpots(iconShape(made.icon));
  const free = (spots: typeof large) =>
    spots.map((spot) => ({ ...made, ...spot, flip: false })).filter((object) => isClear(withObject(scene, object)));
  return { large: free(large), small: free(small) };
}

export function withObject(scene: Scene, object: SceneObject): Scene {
  const more = copyOf(scene);
  more.objects.push(object);
  return more;
}

const distance = (a: SceneObject, b: SceneObject): number => Math.hypot(a.x - b.x, a.y - b.y);
