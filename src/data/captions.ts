/** Scenes in words. Everything said is true of the scene; what is not known (the colour of a natural object) is never said. */
import type { Random } from "../random.ts";
import { backgroundPlaces, backgroundScenery } from "./backgrounds.ts";
import { changesColors } from "./filters.ts";
import { isGenEvalPrompt } from "./geneval-prompts.ts";
import type { Style } from "./objects.ts";
import { opposite, type Relation, relationsBetween, spellRelation } from "./relations.ts";
import { boxOf, type Scene, type SceneObject } from "./scene.ts";
import { article, numberWord, PAIRS, plural } from "./words.ts";

export interface CaptionOptions {
  /** Whether the background is said; "sometimes" otherwise. */
  background?: "always" | "never" | "sometimes";
  /** Whether two different objects may be told in sentences, as more always are. True otherwise. */
  sentences?: boolean;
}

/** How often the background is said, when it is said sometimes. */
const BACKGROUND_SHARE = 0.7;
/** How often the style is said, when all objects share one. */
const STYLE_SHARE = 0.1;
/** How often two different objects are told in sentences, as three or more and scenes of the task `dense` always are. */
const SENTENCES_SHARE = 0.35;
/** How often the sentences follow the order of the scene's objects, and how often a relation is told after them. */
const LISTED_SHARE = 0.5;
const RELATION_SHARE = 0.5;
const MOST_WORDS = 60;

/** Words that come before what is shown: none, most of the time short ones, as people type them. */
const OPENINGS = [
  "",
  "",
  "",
  "a picture of ",
  "a picture of ",
  "a photo of ",
  "an image of ",
  "an illustration of ",
  "a drawing of ",
  "draw ",
];

/** What an object is called with its colour: "red car". */
export function nameOf({ name, color }: Pick<SceneObject, "name" | "color">): string {
  return color === null ? name : `${color} ${name}`;
}

/** The same of what comes in one piece but is spoken of in pairs: "pair of green skis". */
export const phraseOf = (object: Pick<SceneObject, "name" | "color">): string =>
  `${PAIRS.has(object.name) ? "pair of " : ""}${nameOf(object)}`;

/**
 * A caption as someone might type it, drawn from many forms: "a red car", "a picture of a red car on the grass under a blue sky".
 * Never one of GenEval's own prompts.
 */
export function caption(random: Random, scene: Scene, options: CaptionOptions = {}): string {
  for (let attempt = 0; attempt < 20; attempt++) {
    const text = draftCaption(random, scene, options);
    if (!isGenEvalPrompt(text)) return text;
  }
  return describe(scene, { background: options.background !== "never" });
}

function draftCaption(
  random: Random,
  scene: Scene,
  { background = "sometimes", sentences = true }: CaptionOptions,
): string {
  const sayBackground = background === "always" || (background === "sometimes" && random.chance(BACKGROUND_SHARE));
  if (scene.filter !== undefined) return describe(scene);
  const place = sayBackground ? random.pick(backgroundPlaces(scene.background)) : undefined;
  const { objects } = scene;
  if (objects.length === 0) return backgroundScenery(scene.background);
  const needsSentences = scene.task === "dense" || isMixed(objects);
  if (needsSentences || (sentences && !areAlike(objects) && random.chance(SENTENCES_SHARE))) {
    return describeInStatements(scene, place, draftSentences(random, objects)).text;
  }

  const opening = random.pick(OPENINGS);
  let subject = subjectOf(scene, random);
  if (opening === "" && objects.length === 1 && random.chance(0.25)) subject = nameOf(objects[0]);
  const style = commonStyle(objects);
  const manner = style !== undefined && random.chance(STYLE_SHARE) ? ` in ${style} style` : "";
  return `${opening}${subject}${place === undefined ? "" : ` ${place}`}${manner}`;
}

/**
 * The one canonical description of a scene, always the same words: "a picture of a red car on the grass under a blue sky".
 *
 * @param options.background whether the background is said; true otherwise
 */
export function describe(scene: Scene, options: { background?: boolean } = {}): string {
  const { objects, background, filter } = scene;
  if (filter !== undefined) {
    const look = filter === "inverted" ? "a picture with inverted colors" : filterPhrase(filter);
    const shown = changesColors(filter) ? objects.map((object) => ({ ...object, color: null })) : objects;
    return shown.length === 0 ? look : `${look} of ${subjectOf({ ...scene, objects: shown })}`;
  }
  if (objects.length === 0) return `a picture of ${backgroundScenery(background)}`;
  const place = options.background === false ? undefined : backgroundPlaces(background)[0];
  if (isMixed(objects)) return describeInStatements(scene, place).text;
  return `a picture of ${subjectOf(scene)}${place === undefined ? "" : ` ${place}`}`;
}

function filterPhrase(filter: string): string {
  if (filter === "pencil sketch") return "a pencil sketch";
  if (filter === "pixel art") return "pixel art";
  return `a ${filter} picture`;
}

/** Three or more objects that are not all alike need a description in sentences. */
function isMixed(objects: readonly SceneObject[]): boolean {
  return objects.length > 2 && !areAlike(objects);
}

/** Whether all objects are called the same, colours included. */
function areAlike(objects: readonly SceneObject[]): boolean {
  return objects.every((object) => nameOf(object) === nameOf(objects[0]));
}

/** What is shown, without where: "a red car", "three dogs", "a cat to the left of a dog". */
function subjectOf(scene: Scene, random?: Random): string {
  const { objects } = scene;
  const [first, second] = objects;
  if (objects.length === 1) return thingPhrase(first, random);
  if (areAlike(objects)) {
    const name = plural(first.name);
    return `${numberWord(objects.length)} ${first.color === null ? name : `${first.color} ${name}`}`;
  }
  if (objects.length > 2) {
    const phrases = objects.map((object) => thingPhrase(object, random));
    return `${phrases.slice(0, -1).join(", ")} and ${phrases[phrases.length - 1]}`;
  }
  const [relation] = scene.task === "position" ? relationsBetween(boxOf(first), boxOf(second)) : [];
  if (relation === undefined) {
    return objects.map((object) => thingPhrase(object, random)).join(" and ");
  }
  if (random === undefined) return `${thingPhrase(first)} ${spellRelation(relation)} ${thingPhrase(second)}`;
  const turned = random.chance(0.3);
  const said = turned ? opposite(relation) : relation;
  const [subject, other] = turned ? [second, first] : [first, second];
  const words = random.chance(0.5) ? said : spellRelation(said);
  return `${thingPhrase(subject, random)} ${words} ${thingPhrase(other, random)}`;
}

/** An object with its article: "a red car", "a pair of green skis". */
export function thingPhrase(object: Pick<SceneObject, "name" | "color">, random?: Random): string {
  const name = nameOf(object);
  const isPair = PAIRS.has(object.name) && !random?.chance(0.5);
  return isPair ? `a pair of ${name}` : article(name);
}

function commonStyle(objects: readonly SceneObject[]): Style | undefined {
  const { style } = objects[0];
  return objects.every((object) => object.style === style && !object.icon.startsWith("custom:")) ? style : undefined;
}

/** The lines between left, centre and right, and between top, middle and bottom. */
const THIRDS = [0.38, 0.62] as const;

/** Where in the picture an object is, by thirds, in the words for it alone: "top left", "right", "center". */
export function placeOf({ x, y }: Pick<SceneObject, "x" | "y">): string {
  const column = x < THIRDS[0] ? "left" : x > THIRDS[1] ? "right" : "";
  const row = y < THIRDS[0] ? "top" : y > THIRDS[1] ? "bottom" : "";
  return [row, column].filter((word) => word !== "").join(" ") || "center";
}

/** Where in the picture an object is: "at the top left", "on the right", "in the center". */
export function whereabouts(object: Pick<SceneObject, "x" | "y">): string {
  const place = placeOf(object);
  const preposition = place === "center" ? "in" : ["left", "right"].includes(place) ? "on" : "at";
  return `${preposition} the ${place}`;
}

/** Longer sides from which on an object is called large, and up to which it is called small. */
export const LARGE = 0.34;
export const SMALL = 0.28;

const sizeWord = (size: number): "large" | "small" | undefined =>
  size > LARGE ? "large" : size < SMALL ? "small" : undefined;

/** Something that a description in sentences says; the numbers are those of the scene's objects. */
export type Statement =
  | { about: "background" }
  | { about: "background color" }
  | { about: "object"; object: number }
  | { about: "color"; object: number }
  | { about: "size"; object: number; size: "large" | "small" }
  | { about: "place"; object: number; place: string }
  | { about: "relation"; object: number; relation: Relation; other: number };

/** What sentences about a scene may leave open. */
export interface SentenceOptions {
  /** Numbers of the scene's objects as they are told, each once; as the scene has them otherwise. */
  order?: readonly number[];
  /** Whether a relation may be told of the scene's first two objects; true otherwise. */
  relation?: boolean;
}

function draftSentences(random: Random, objects: readonly SceneObject[]): SentenceOptions {
  const order = random.chance(LISTED_SHARE) ? undefined : random.shuffle([...objects.keys()]);
  return { order, relation: random.chance(RELATION_SHARE) };
}

/**
 * A scene in sentences, of 60 words at most, and one by one what they say: the setting, each object, and a relation if there is room for it.
 *
 * @param place where the objects are, one of `backgroundPlaces`; the setting is not said when it is left out
 */
export function describeInStatements(
  scene: Scene,
  place?: string,
  { order = [...scene.objects.keys()], relation: saysRelation = true }: SentenceOptions = {},
): { text: string; statements: Statement[] } {
  const { objects, background } = scene;
  const sentences: string[] = [];
  const statements: Statement[] = [];
  if (place !== undefined) {
    sentences.push(`The scene is set ${place}.`);
    statements.push({ about: "background" });
    if (background.color !== undefined && place.includes(background.color)) {
      statements.push({ about: "background color" });
    }
  }
  for (const number of order) {
    const object = objects[number];
    const size = sizeWord(object.size);
    const where = whereabouts(object);
    const thing = phraseOf(object);
    sentences.push(`There is ${article(size === undefined ? thing : `${size} ${thing}`)} ${where}.`);
    statements.push({ about: "object", object: number });
    if (object.color !== null) statements.push({ about: "color", object: number });
    if (size !== undefined) statements.push({ about: "size", object: number, size });
    statements.push({ about: "place", object: number, place: where });
  }
  const [first, second] = objects;
  const [relation] = saysRelation && second !== undefined ? relationsBetween(boxOf(first), boxOf(second)) : [];
  if (relation !== undefined && nameOf(first) !== nameOf(second)) {
    const verb = PAIRS.has(first.name) ? "are" : "is";
    const sentence = `The ${nameOf(first)} ${verb} ${spellRelation(relation)} the ${nameOf(second)}.`;
    if (`${sentences.join(" ")} ${sentence}`.split(" ").length <= MOST_WORDS) {
      sentences.push(sentence);
      statements.push({ about: "relation", object: 0, relation, other: 1 });
    }
  }
  return { text: sentences.join(" "), statements };
}
