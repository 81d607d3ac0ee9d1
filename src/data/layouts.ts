/** Scenes told so that it is known which words name what, and where that is: what laying out a prompt is learned from. */
import type { Random } from "../random.ts";
import { backgroundPlaces } from "./backgrounds.ts";
import { caption, describeInStatements, phraseOf } from "./captions.ts";
import { type PlanOptions, planScene } from "./planning.ts";
import type { Scene, SceneObject } from "./scene.ts";
import { article, plural, type Span } from "./words.ts";

/** Words of a text that name an object. */
export interface NamedThing extends Span {
  object: SceneObject;
}

export interface ToldScene {
  scene: Scene;
  text: string;
  things: NamedThing[];
  /** Whether the text says where things are, or tells them row by row. */
  isPlaced: boolean;
}

/** How often things are listed, and how often a caption is of any form. */
const LISTED_SHARE = 0.25;
const ANY_SHARE = 0.25;
/** How often the background is said. */
const BACKGROUND_SHARE = 0.8;

/** What is told of a scene that the options allow: most often in sentences that say where everything is, else as a list, or in any form of caption. */
export function tellScene(random: Random, options: PlanOptions): ToldScene {
  const form = random.uniform(0, 1);
  if (form < ANY_SHARE) return inAnyForm(random, planScene(random, options));
  if (form < ANY_SHARE + LISTED_SHARE) return listed(random, options);
  const scene = planScene(random, { ...options, tasks: ["dense"] });
  const order = random.chance(0.5) ? undefined : random.shuffle([...scene.objects.keys()]);
  const { text } = describeInStatements(scene, placeOf(random, scene), { order, relation: random.chance(0.5) });
  return told(scene, text, true, (words) => `(?<=\\bThere is an? (?:large |small )?)${words}(?= (?:in|on|at) the )`);
}

/** Three or four things on the grid, told row by row, so that the list alone says where they are. */
function listed(random: Random, options: PlanOptions): ToldScene {
  const scene = planScene(random, { ...options, tasks: ["dense"], tidy: true, denseObjects: undefined });
  let text = random.pick(["", "a picture of ", "draw ", "a photo of "]);
  const last = scene.objects.length - 1;
  const end = random.pick([" and ", " and ", ", and "]);
  const things = scene.objects.map((object, at) => {
    if (at > 0) text += at < last ? ", " : end;
    text += article(phraseOf(object));
    return { object, from: text.length - phraseOf(object).length, to: text.length };
  });
  const place = placeOf(random, scene);
  return { scene, text: place === undefined ? text : `${text} ${place}`, things, isPlaced: true };
}

function inAnyForm(random: Random, scene: Scene): ToldScene {
  return told(scene, caption(random, scene), false, (words) => `\\b${words}\\b`);
}

const placeOf = (random: Random, { background }: Scene): string | undefined =>
  random.chance(BACKGROUND_SHARE) ? random.pick(backgroundPlaces(background)) : undefined;

/** @param pattern finds an object by the words for it */
function told(scene: Scene, text: string, isPlaced: boolean, pattern: (words: string) => string): ToldScene {
  const things = scene.objects.flatMap((object) => {
    const color = object.color === null ? "" : `${object.color} `;
    const words = `(?:${phraseOf(object)}|${color}${object.name}|${color}${plural(object.name)})`;
    const found = new RegExp(pattern(words)).exec(text);
    return found ? [{ object, from: found.index, to: found.index + found[0].length }] : [];
  });
  return { scene, text, things, isPlaced };
}
