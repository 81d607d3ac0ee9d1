/** Questions about a scene, with answers that follow from it. */
import { UserError } from "../errors.ts";
import type { Random } from "../random.ts";
import { backgroundScenery } from "./backgrounds.ts";
import { describe, nameOf, thingPhrase, whereabouts } from "./captions.ts";
import { COLOR_NAMES } from "./colors.ts";
import { changesColors } from "./filters.ts";
import { isHeldOutColor, isHeldOutRelation } from "./held-out.ts";
import { OBJECT_NAMES } from "./objects.ts";
import { opposite, relationsBetween, spellRelation } from "./relations.ts";
import { boxOf, type Scene, type SceneObject } from "./scene.ts";
import { numberWord, PAIRS, plural } from "./words.ts";

export const QUESTION_KINDS = [
  "describe",
  "what",
  "where",
  "how many",
  "color",
  "is there",
  "relation",
  "background",
] as const;
export type QuestionKind = (typeof QUESTION_KINDS)[number];

export interface Question {
  kind: QuestionKind;
  question: string;
  answer: string;
}

export interface QuestionOptions {
  kinds?: readonly QuestionKind[];
  /** The most questions that are asked about one picture, see `askQuestions`; 1 where it is left out. */
  perPicture?: number;
}

/**
 * Asks one question about a scene. Answers are short; "yes" and "no" are equally likely. No question names a held-out combination that
 * the scene does not show: "no" would be all that is ever learned of it.
 *
 * @param options.kinds the kinds to choose from; a scene to which none of them applies is asked for its description
 */
export function askQuestion(random: Random, scene: Scene, options: QuestionOptions = {}): Question {
  const kinds = options.kinds ?? QUESTION_KINDS;
  const unknown = kinds.find((kind) => !QUESTION_KINDS.includes(kind));
  if (unknown) throw new UserError(`There is no question "${unknown}"; there are ${QUESTION_KINDS.join(", ")}.`);
  for (const kind of random.shuffle(kinds)) {
    const asked = ASKERS[kind](random, scene);
    if (asked !== undefined) return { kind, question: asked[0], answer: asked[1] };
  }
  return { kind: "describe", question: "Describe the picture.", answer: describe(scene) };
}

/** Up to `perPicture` different questions about a scene, of which at most one asks for a description. */
export function askQuestions(random: Random, scene: Scene, options: QuestionOptions = {}): Question[] {
  const { perPicture = 1 } = options;
  if (!(Number.isInteger(perPicture) && perPicture >= 1 && perPicture <= MOST_QUESTIONS)) {
    throw new UserError(`"perPicture" is ${perPicture}; it must be a whole number from 1 to ${MOST_QUESTIONS}.`);
  }
  const asked: Question[] = [];
  for (let i = 0; i < perPicture; i++) {
    const next = askQuestion(random, scene, options);
    const isAsked = asked.some(
      ({ kind, question }) => question === next.question || (kind === "describe" && next.kind === "describe"),
    );
    if (!isAsked) asked.push(next);
  }
  return asked;
}

const MOST_QUESTIONS = 16;

/** Questions that a caption answers. */
export const DESCRIBE_QUESTIONS: readonly string[] = [
  "Describe the picture.",
  "Describe this image.",
  "What does the picture show?",
];

type Asked = readonly [question: string, answer: string];

const ASKERS: Readonly<Record<QuestionKind, (random: Random, scene: Scene) => Asked | undefined>> = {
  describe: (random, scene) => [random.pick(DESCRIBE_QUESTIONS), describe(scene)],

  what(random, scene) {
    if (scene.objects.length === 0 || scene.objects.length > 2) return undefined;
    const shown = colorsShow(scene) ? scene.objects : scene.objects.map((object) => ({ ...object, color: null }));
    if (new Set(shown.map(nameOf)).size < shown.length) return undefined;
    const question = random.pick(["What is in the picture?", "What can you see?"]);
    return [question, shown.map((object) => thingPhrase(object)).join(" and ")];
  },

  where(random, scene) {
    const unique = soleObjects(scene);
    if (unique.length === 0) return undefined;
    const object = random.pick(unique);
    return [`Where ${verb(object)} the ${object.name}?`, whereabouts(object)];
  },

  "how many"(random, scene) {
    if (scene.objects.length === 0) return undefined;
    // Now and then of something that is not there, or the answer would never be zero.
    const name = random.chance(0.15) ? absentName(random, scene) : random.pick(scene.objects).name;
    const count = scene.objects.filter((object) => object.name === name).length;
    return [`How many ${plural(name)} are there?`, numberWord(count)];
  },

  color(random, scene) {
    const colored = soleObjects(scene).filter((object) => object.color !== null);
    if (colored.length === 0 || !colorsShow(scene)) return undefined;
    const object = random.pick(colored);
    return [
      random.pick([
        `What color ${verb(object)} the ${object.name}?`,
        `Which color ${verb(object)} the ${object.name}?`,
      ]),
      object.color!,
    ];
  },

  "is there"(random, scene) {
    if (scene.objects.length === 0) return undefined;
    const object = random.pick(scene.objects);
    const aboutColor =
      object.color !== null && colorsShow(scene) && soleObjects(scene).includes(object) && random.chance(0.5);
    const truly = random.chance(0.5);
    const color = !aboutColor
      ? null
      : truly
        ? object.color
        : random.pick(COLOR_NAMES.filter((color) => color !== object.color && !isHeldOutColor(color, object.name)));
    const name = truly || aboutColor ? object.name : absentName(random, scene);
    return [`Is there ${thingPhrase({ name, color })}?`, truly ? "yes" : "no"];
  },

  relation(random, scene) {
    const unique = soleObjects(scene);
    if (unique.length < 2) return undefined;
    const [a, b] = random.shuffle(unique);
    const holding = relationsBetween(boxOf(a), boxOf(b));
    if (holding.length === 0) return undefined;
    const relation = random.pick(holding);
    if (isHeldOutRelation(a.name, opposite(relation), b.name)) return undefined;
    const isTrue = random.chance(0.5);
    const asked = spellRelation(isTrue ? relation : opposite(relation));
    return [`${verb(a) === "is" ? "Is" : "Are"} the ${a.name} ${asked} the ${b.name}?`, isTrue ? "yes" : "no"];
  },

  background(random, scene) {
    if (scene.filter !== undefined) return undefined;
    return [
      random.pick(["What is in the background?", "What is the background?"]),
      backgroundScenery(scene.background),
    ];
  },
};

const verb = ({ name }: SceneObject): string => (PAIRS.has(name) ? "are" : "is");

function colorsShow(scene: Scene): boolean {
  return scene.filter === undefined || !changesColors(scene.filter);
}

/** The objects that are alone of their name, so that "the car" means one thing. */
function soleObjects({ objects }: Scene): SceneObject[] {
  return objects.filter((object) => objects.every((other) => other === object || other.name !== object.name));
}

/** Names that could pass for one another: the one is no clear "no" where the other is. */
const ALIKE: Readonly<Record<string, readonly string[]>> = {
  bear: ["teddy bear"],
  "teddy bear": ["bear"],
  face: ["person"],
  "cat face": ["cat"],
};

/** The name of something that is plainly not in the picture. */
function absentName(random: Random, scene: Scene): string {
  const shown = new Set(scene.objects.flatMap(({ name }) => [name, ...(ALIKE[name] ?? [])]));
  // The table background shows a table of its own.
  if (scene.background.kind === "table") shown.add("dining table");
  return random.pick(OBJECT_NAMES.filter((name) => !shown.has(name)));
}
