/** Edits of how the picture looks: adjust (colour or size), background, style. */
import type { Random } from "../../random.ts";
import {
  BACKGROUND_KINDS,
  type Background,
  backgroundPlaces,
  backgroundScenery,
  hasGround,
  planBackground,
} from "../backgrounds.ts";
import type { ColorName } from "../colors.ts";
import { FILTERS, type Filter } from "../filters.ts";
import { iconId, STYLES, type Style } from "../objects.ts";
import { boxOf, FOOTING, type Scene, type SceneObject, standAt } from "../scene.ts";
import { copyOf, type Drafter, type EditOptions, newColor, refer, sceneToEdit } from "./edit.ts";

/** How much larger and smaller objects are made. */
export const GROWTH = 1.4;
export const SHRINKAGE = 0.65;
/** A horizon higher than this would leave hardly any sky. */
const HIGHEST_HORIZON = 0.4;

export const adjust: Drafter = (random, options) => {
  const source = sceneToEdit(random, options, 1, 2);
  const target = copyOf(source);
  const object = random.pick(target.objects);
  const name = refer(random, object);
  const what = options.adjust ?? (random.chance(0.65) ? "color" : "size");
  if (what === "color") {
    const color = newColor(random, object.color, options);
    if (color === undefined) return undefined;
    object.color = color;
    return { source, target, instruction: colorInstruction(random, name, color) };
  }
  const larger = random.chance(0.5);
  resize(object, larger ? GROWTH : SHRINKAGE);
  return {
    source,
    target,
    instruction: `Make the ${name} ${random.pick(larger ? ["bigger", "larger"] : ["smaller"])}.`,
  };
};

/** Makes an object larger or smaller on its ground. */
export function resize(object: SceneObject, factor: number): void {
  const { bottom } = boxOf(object);
  object.size *= factor;
  standAt(object, bottom);
}

function colorInstruction(random: Random, name: string, color: ColorName): string {
  return random.pick([
    `Change the color of the ${name} to ${color}.`,
    `Make the ${name} ${color}.`,
    `Paint the ${name} ${color}.`,
  ]);
}

/** Another background on which every object of the scene can stand where it stands; undefined when the options have none. */
export function newBackground(random: Random, scene: Scene, options: EditOptions): Background | undefined {
  const highestFeet = Math.min(...scene.objects.map((object) => boxOf(object).bottom + (object.lift ?? 0)));
  const highestGround = highestFeet - FOOTING;
  const kinds = (options.backgrounds ?? BACKGROUND_KINDS).filter(
    (kind) =>
      (kind !== scene.background.kind || kind === "plain") && (!hasGround(kind) || highestGround >= HIGHEST_HORIZON),
  );
  if (kinds.length === 0) return undefined;
  const background = planBackground(random, random.pick(kinds), highestGround);
  const isSame = backgroundScenery(background) === backgroundScenery(scene.background);
  return isSame ? undefined : background;
}

export const background: Drafter = (random, options) => {
  const source = sceneToEdit(random, options, 1, 3);
  const target = copyOf(source);
  const fresh = newBackground(random, source, options);
  if (fresh === undefined) return undefined;
  target.background = fresh;
  const instruction = random.pick([
    `Change the background to ${backgroundScenery(fresh)}.`,
    `Change the background so that the scene is ${backgroundPlaces(fresh)[0]}.`,
    fresh.kind === "plain"
      ? `Make the background ${fresh.color}.`
      : `Replace the background with ${backgroundScenery(fresh)}.`,
  ]);
  return { source, target, instruction };
};

const FILTER_INSTRUCTIONS: Readonly<Record<Filter, string>> = {
  "black and white": "Turn the picture black and white.",
  sepia: "Give the picture a sepia tone.",
  "pixel art": "Turn the picture into pixel art.",
  "pencil sketch": "Turn the picture into a pencil sketch.",
  posterized: "Turn the picture into a poster with few colors.",
  inverted: "Invert the colors of the picture.",
};

export const style: Drafter = (random, options) => {
  const source = sceneToEdit(random, options, 1, 3);
  if (random.chance(0.35)) return redraw(random, source, options);
  const target = { ...copyOf(source), filter: random.pick(FILTERS) };
  return { source, target, instruction: FILTER_INSTRUCTIONS[target.filter] };
};

/** The same scene in the icons of another style. */
function redraw(random: Random, source: Scene, options: EditOptions) {
  // The icons drawn here have one look only.
  if (source.objects.some((object) => object.icon.startsWith("custom:"))) return undefined;
  const styles = (options.styles ?? STYLES).filter((name) => source.objects.every((object) => object.style !== name));
  if (styles.length === 0) return undefined;
  const fresh = random.pick(styles);
  return { source, target: inStyle(source, fresh), instruction: `Redraw the picture in ${fresh} style.` };
}

/** A scene in the icons of a style; each object keeps its size and stands where it stood. */
export function inStyle(scene: Scene, style: Style): Scene {
  const fresh = copyOf(scene);
  for (const object of fresh.objects) {
    if (object.icon.startsWith("custom:")) continue;
    const { bottom } = boxOf(object);
    object.icon = iconId(object.icon.split(":")[1], style);
    object.style = style;
    standAt(object, bottom);
  }
  return fresh;
}
