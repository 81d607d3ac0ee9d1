/** What is new in an edit: by itself in a picture of its own, and in the words of its instruction. */
import { thingPhrase } from "../captions.ts";
import { BACKGROUND_COLORS, type BackgroundColor, colorDistance } from "../colors.ts";
import { iconId } from "../objects.ts";
import type { Scene, SceneObject } from "../scene.ts";
import { meanColor } from "../sprites.ts";
import type { Edit } from "./edit.ts";

/** How large it is by itself. */
const SIZE = 0.74;
/** Colors of plain backgrounds that hardly any object has. */
const BACKDROPS: readonly BackgroundColor[] = ["teal", "cream"];

/** What an edit's target shows and its source does not; undefined where that is nothing. The objects of a scene to edit have different names. */
export const newThing = ({ source, target }: Pick<Edit, "source" | "target">): SceneObject | undefined =>
  target.objects.find(({ name }) => source.objects.every((other) => other.name !== name));

/** A picture of an object alone: large, in emoji style, facing as its icon does, and on a plain background of a color that it stands out from. */
export function alone(object: SceneObject): Scene {
  const icon = object.icon.startsWith("custom:") ? object.icon : iconId(object.icon.split(":")[1], "emoji");
  const mean = meanColor(icon, object.color);
  const distance = (color: BackgroundColor) => colorDistance(mean, BACKGROUND_COLORS[color]);
  const [color] = [...BACKDROPS].sort((a, b) => distance(b) - distance(a));
  const shown: SceneObject = { ...object, icon, style: "emoji", size: SIZE, x: 0.5, y: 0.5, flip: false };
  return { task: "single_object", objects: [shown], background: { kind: "plain", color } };
}

/** The words of the instruction that name what is new, and the first of its characters that is one of theirs; undefined where nothing is. */
export function newThingWords(
  edit: Pick<Edit, "source" | "target" | "instruction">,
): { words: string; at: number } | undefined {
  const thing = newThing(edit);
  if (thing === undefined) return undefined;
  const words = thingPhrase(thing);
  const found = new RegExp(`\\b${words}\\b`).exec(edit.instruction);
  return found ? { words, at: found.index } : undefined;
}
