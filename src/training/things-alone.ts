/** What is told of things that are drawn by themselves and then pasted. */
import { backdropFor, boxOf, type SceneObject } from "../data/index.ts";
import { BACKDROPS } from "../text/prompts.ts";

/** Whether something stands out most from the first of `BACKDROPS`. */
export const isOnFirst = (object: SceneObject): boolean => backdropFor(object) === BACKDROPS[0];

/** Where it goes: left, top, right and bottom, as shares of the sides. */
export function edgesOf(object: SceneObject): number[] {
  const { left, top, right, bottom } = boxOf(object);
  return [left, top, right, bottom];
}
