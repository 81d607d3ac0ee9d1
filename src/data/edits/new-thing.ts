/** What is new in an edit: the thing, the words that name it, and what it can be drawn on by itself. */
import { thingPhrase } from "../captions.ts";
import { BACKGROUND_COLORS, type BackgroundColor, colorDistance } from "../colors.ts";
import { iconId } from "../objects.ts";
import type { SceneObject } from "../scene.ts";
import { meanColor } from "../sprites.ts";
import type { Span } from "../words.ts";
import type { Edit } from "./edit.ts";

/** Colors of plain backgrounds that hardly any object has. */
const BACKDROPS = ["teal", "cream"] as const satisfies readonly BackgroundColor[];

/** What an edit's target shows and its source does not; undefined where that is nothing. The objects of a scene to edit have different names. */
export const newThing = ({ source, target }: Pick<Edit, "source" | "target">): SceneObject | undefined =>
  target.objects.find(({ name }) => source.objects.every((other) => other.name !== name));

/** The backdrop that an object, as emoji show it, stands out from most. */
export function backdropFor({ icon, color }: Pick<SceneObject, "icon" | "color">): (typeof BACKDROPS)[number] {
  const mean = meanColor(icon.startsWith("custom:") ? icon : iconId(icon.split(":")[1], "emoji"), color);
  const distance = (backdrop: (typeof BACKDROPS)[number]) => colorDistance(mean, BACKGROUND_COLORS[backdrop]);
  return BACKDROPS.reduce((best, other) => (distance(other) > distance(best) ? other : best));
}

/** Something new, where the instruction names it. */
export interface NewThing extends Span {
  object: SceneObject;
}

/** What is new in an edit and is named; undefined where nothing is. */
export function newThingNamed(edit: Pick<Edit, "source" | "target" | "instruction">): NewThing | undefined {
  const object = newThing(edit);
  if (object === undefined) return undefined;
  const words = thingPhrase(object);
  const found = new RegExp(`\\b${words}\\b`).exec(edit.instruction);
  return found ? { object, from: found.index, to: found.index + words.length } : undefined;
}
