import type { Picture } from "../../image/index.ts";
import { type Estimate, estimate } from "../estimate.ts";
import { namesOnly } from "../mentions.ts";
import { drawPictures } from "../renders.ts";
import { type Sighting, showSighting } from "../sighting.ts";
import {
  EDIT_KINDS,
  type EditKind,
  NATURAL,
  type Part,
  PROMPT_KINDS,
  planChanges,
  planDescriptions,
  planPrompts,
  type Wanted,
} from "./objects-tasks.ts";
import {
  ceilingsOf,
  type Exhibit,
  inParts,
  isShown,
  rightPictures,
  type Score,
  type Suite,
  type SuiteOptions,
  type SuiteRun,
  taskCount,
} from "./suite.ts";

/** Single objects: drawn from words, described, and given another colour or background. What a small model learns first. */
export const objects: Suite = {
  name: "world-objects",
  count: 200,
  run: runObjects,
};

const QUESTION = "Describe the picture.";
/** The parts that a change is about, and the one that is to stay. */
const EDIT_PARTS: Readonly<Record<EditKind, { together: readonly Part[]; kept: Part }>> = {
  color: { together: ["object", "color"], kept: "background" },
  background: { together: ["object", "background"], kept: "color" },
};

/** What the surest object of a picture is, and what is behind it. */
function readingOf({ objects: [object], background }: Sighting): Record<Part, string | undefined> {
  const color = object && (object.painted < 0.5 ? NATURAL : object.color);
  return { object: object?.object, color, background: background.kind };
}

/** Whether parts are as wanted; a part of which nothing was said is not in the way. */
export function satisfies(sighting: Sighting, wanted: Wanted, parts: readonly Part[]): boolean {
  const reading = readingOf(sighting);
  return parts.every((part) => wanted[part] === undefined || reading[part] === wanted[part]);
}

/** What was wanted beside what was seen, of the picture drawn and of pictures that are right. */
interface Judged {
  wanted: Wanted;
  seen: Sighting;
  rightOnes: Sighting[];
}

async function runObjects(options: SuiteOptions): Promise<SuiteRun> {
  const count = taskCount(options, objects);
  const exhibits: Exhibit[] = [];
  const drawn = await drawPrompts(options, count, exhibits);
  const described = await describePictures(options, count, exhibits);
  const edited: Score[] = [];
  for (const kind of EDIT_KINDS) edited.push(...(await change(options, kind, Math.ceil(count / 4), exhibits)));
  return {
    result: {
      suite: objects.name,
      seed: options.seed,
      tasks: count,
      ceilingsOf: ceilingsOf(options),
      overall: drawn[0],
      scores: [...drawn.slice(1), ...described, ...edited],
    },
    exhibits,
  };
}

/** The score of parts, among the tasks in which the first of them was wanted. */
function scoreOf(test: string, right: string, judged: readonly Judged[], parts: readonly Part[]): Score {
  const asked = judged.filter(({ wanted }) => wanted[parts[0]] !== undefined);
  const of = (look: (each: Judged) => Sighting): Estimate =>
    estimate(asked.map((each) => (satisfies(look(each), each.wanted, parts) ? 1 : 0)));
  const ceilings = (judged[0]?.rightOnes ?? []).map((_, at) => of(({ rightOnes }) => rightOnes[at]));
  return { test, right, kind: "share", value: of(({ seen }) => seen), ceilings };
}

/** Looks at pictures of the same scenes without fault. */
async function lookAtRight(
  options: SuiteOptions,
  tasks: readonly { scene: Parameters<typeof rightPictures>[1][number] }[],
) {
  const looked: Sighting[][] = [];
  const pictures = await rightPictures(
    options,
    tasks.map(({ scene }) => scene),
  );
  for (const each of pictures) looked.push(await options.reader.look(each));
  return tasks.map((_, i) => looked.map((sightings) => sightings[i]));
}

async function drawPrompts(options: SuiteOptions, count: number, exhibits: Exhibit[]): Promise<Score[]> {
  const { seed, world, artist, reader } = options;
  const tasks = planPrompts(seed, count, world);
  const seen = await inParts(`${objects.name}, prompts`, options, tasks, async (part, drawing, first) => {
    const pictures = await artist.generate(
      part.map(({ prompt }) => prompt),
      drawing,
    );
    const sightings = await reader.look(pictures);
    sightings.forEach((sighting, i) => {
      const { kind, prompt, wanted } = part[i];
      const isRight = satisfies(sighting, wanted, ["object", "color"]);
      show(exhibits, first + i, count, { test: kind, task: prompt, pictures: [pictures[i]], sighting, isRight });
    });
    return sightings;
  });
  const rightOnes = await lookAtRight(options, tasks);
  const judged = tasks.map((task, i) => ({ ...task, seen: seen[i], rightOnes: rightOnes[i] }));
  const scores = [scoreOf("all prompts", "object and color", judged, ["object", "color"])];
  for (const kind of PROMPT_KINDS) {
    const own = judged.filter((each) => each.kind === kind);
    scores.push(scoreOf(kind, "object", own, ["object"]));
    if (kind !== "single object") {
      scores.push(scoreOf(kind, "color", own, ["color"]));
      scores.push(scoreOf(kind, "object and color", own, ["object", "color"]));
    }
    scores.push(scoreOf(kind, "background", own, ["background"]));
  }
  return scores;
}

async function describePictures(options: SuiteOptions, count: number, exhibits: Exhibit[]): Promise<Score[]> {
  const { seed, world, artist } = options;
  const scenes = planDescriptions(seed, count, world);
  const texts = await inParts(`${objects.name}, descriptions`, options, scenes, async (part, describing, first) => {
    const pictures = drawPictures(part, artist.sight);
    const said = await artist.describe(
      pictures,
      part.map(() => QUESTION),
      describing,
    );
    said.forEach((text, i) => {
      const isRight = namesOnly(text, part[i].objects[0].name);
      if (!isShown(first + i, count)) return;
      exhibits.push({ test: "description", task: QUESTION, pictures: [pictures[i]], outcome: text, isRight });
    });
    return said;
  });
  const isNamed = scenes.map(({ objects: [{ name }] }, i) => namesOnly(texts[i], name));
  const isColored = scenes.map(({ objects: [{ name, color }] }, i) =>
    texts[i].toLowerCase().includes(`${color} ${name}`),
  );
  const score = (right: string, values: readonly boolean[]): Score => ({
    test: "description",
    right,
    kind: "share",
    value: estimate(values.map(Number)),
    ceilings: [],
  });
  const colored = scenes.flatMap(({ objects: [{ color }] }, i) => (color === null ? [] : [isNamed[i] && isColored[i]]));
  return [score("object", isNamed), score("object and color, held-out combination", colored)];
}

async function change(options: SuiteOptions, kind: EditKind, count: number, exhibits: Exhibit[]): Promise<Score[]> {
  const { seed, world, artist, reader } = options;
  const tasks = planChanges(seed, kind, count, world);
  const { together, kept } = EDIT_PARTS[kind];
  const test = `change of ${kind}`;
  const seen = await inParts(`${objects.name}, ${kind}`, options, tasks, async (part, drawing, first) => {
    const sources = drawPictures(
      part.map(({ source }) => source),
      artist.size,
    );
    const results = await artist.edit(
      sources,
      part.map(({ instruction }) => instruction),
      drawing,
    );
    const sightings = await reader.look(results);
    sightings.forEach((sighting, i) => {
      const { instruction, wanted } = part[i];
      const isRight = satisfies(sighting, wanted, together);
      show(exhibits, first + i, count, {
        test,
        task: instruction,
        pictures: [sources[i], results[i]],
        sighting,
        isRight,
      });
    });
    return sightings;
  });
  const rightOnes = await lookAtRight(options, tasks);
  const judged = tasks.map((task, i) => ({ ...task, seen: seen[i], rightOnes: rightOnes[i] }));
  return [
    scoreOf(test, `success: new ${kind}, same object`, judged, together),
    scoreOf(test, `new ${kind}`, judged, [kind]),
    scoreOf(test, "kept: object", judged, ["object"]),
    scoreOf(test, `kept: ${kept}`, judged, [kept]),
  ];
}

interface Shown {
  test: string;
  task: string;
  pictures: Picture[];
  sighting: Sighting;
  isRight: boolean;
}

function show(exhibits: Exhibit[], index: number, total: number, { sighting, ...rest }: Shown): void {
  if (isShown(index, total)) exhibits.push({ ...rest, outcome: showSighting(sighting) });
}
