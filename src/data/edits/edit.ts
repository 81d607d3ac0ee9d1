/** What all edit types share. */
import type { Random } from "../../random.ts";
import { nameOf } from "../captions.ts";
import { COLOR_NAMES, type ColorName } from "../colors.ts";
import { OBJECT_NAMES, type Style } from "../objects.ts";
import { makeObject, type PlanOptions, planScene } from "../planning.ts";
import type { Relation } from "../relations.ts";
import type { Scene, SceneObject, Task } from "../scene.ts";

/** ImgEdit's nine types. */
export const EDIT_TYPES = [
  "add",
  "remove",
  "replace",
  "adjust",
  "extract",
  "background",
  "style",
  "hybrid",
  "action",
] as const;
export type EditType = (typeof EDIT_TYPES)[number];

export interface Edit {
  type: EditType;
  source: Scene;
  /** The source with exactly what the instruction asks for done to it. */
  target: Scene;
  instruction: string;
  /** Where something is to be added, as the instruction says it. */
  placement?: { relation: Relation; anchor: string };
}

export interface EditOptions extends Omit<PlanOptions, "tasks"> {
  types?: readonly EditType[];
  /** What the type "adjust" changes; both, where nothing is said. */
  adjust?: "color" | "size";
  /** Whether the type "hybrid" is any two changes; otherwise the first is a change of color. */
  pairs?: boolean;
  /** The most objects in a picture, 1 to 4; 4 otherwise. */
  mostObjects?: number;
}

/** An edit thought up and not yet checked; undefined where the scene drawn up does not allow it. */
export type Draft = Omit<Edit, "type"> | undefined;
export type Drafter = (random: Random, options: EditOptions) => Draft;

/** Tasks whose scenes show so many objects: one, two, three or more. */
const TASKS_BY_COUNT: readonly (readonly Task[])[] = [
  ["single_object", "colors"],
  ["two_object", "position", "color_attr"],
  ["dense"],
];

/** A scene of at least so many objects, all of different names, within the options. */
export function sceneToEdit(random: Random, options: EditOptions, fewest: number, most: number): Scene {
  const names = (options.objects ?? OBJECT_NAMES).length;
  const possible = names >= 4 ? 3 : names;
  const highest = Math.max(fewest, Math.min(most, options.mostObjects ?? 4, possible));
  const twoColors = (options.colors ?? COLOR_NAMES).length > 1;
  const tasks = TASKS_BY_COUNT[fewest - 1 + random.integer(highest - fewest + 1)].filter(
    (task) => twoColors || task !== "color_attr",
  );
  const heldOut = options.heldOut === "only" ? "any" : options.heldOut;
  return planScene(random, { ...options, tasks: [random.pick(tasks)], heldOut });
}

export function copyOf(scene: Scene): Scene {
  return structuredClone(scene);
}

/** How an instruction names an object: by its name, which is its own, and sometimes by its colour too. */
export function refer(random: Random, object: SceneObject): string {
  return random.chance(0.5) ? nameOf(object) : object.name;
}

/** A name allowed by the options that the scene does not show yet. */
function newName(random: Random, scene: Scene, options: EditOptions): string | undefined {
  const free = (options.objects ?? OBJECT_NAMES).filter((name) =>
    scene.objects.every((object) => object.name !== name),
  );
  return free.length === 0 ? undefined : random.pick(free);
}

/** Something that the scene does not show yet, without a place, half of the time painted; undefined when nothing new is allowed. */
export function newObject(random: Random, scene: Scene, style: Style, options: EditOptions): SceneObject | undefined {
  const name = newName(random, scene, options);
  if (name === undefined) return undefined;
  const color = random.chance(0.5) ? (newColor(random, null, options) ?? null) : null;
  return makeObject(random, name, style, color);
}

/** A colour allowed by the options, other than one. */
export function newColor(random: Random, current: ColorName | null, options: EditOptions): ColorName | undefined {
  const free = (options.colors ?? COLOR_NAMES).filter((color) => color !== current);
  return free.length === 0 ? undefined : random.pick(free);
}
