import { GENEVAL_PROMPTS, GENEVAL_TAGS, type GenEvalPrompt, type GenEvalTag, type Scene } from "../../data/index.ts";
import { UserError } from "../../errors.ts";
import { Random } from "../../random.ts";
import { type Estimate, estimate, meanOf } from "../estimate.ts";
import { faultOf, sceneOf } from "../geneval.ts";
import { showSighting } from "../sighting.ts";
import {
  ceilingsOf,
  type Exhibit,
  inParts,
  isShown,
  meanScore,
  rightPictures,
  type Score,
  type Suite,
  type SuiteOptions,
  type SuiteRun,
  taskCount,
  type World,
} from "./suite.ts";

/** Pictures of each prompt, as GenEval has it. */
const PICTURES = 4;

/** A prompt, and a scene that shows what it asks for. */
export interface GenEvalTask {
  prompt: GenEvalPrompt;
  scene: Scene;
}

/**
 * Prompts out of GenEval's 553, evenly from the six categories as far as they last, in the order of its file.
 *
 * @throws UserError when none of them is about things of the world alone
 */
export function planGenEval(seed: number, count: number, world: World = {}): GenEvalTask[] {
  const random = new Random(seed);
  const isKnown = ({ include }: GenEvalPrompt) =>
    include.every(
      ({ object, color }) =>
        (world.objects?.includes(object) ?? true) && (color === undefined || (world.colors?.includes(color) ?? true)),
    );
  const byTag = GENEVAL_TAGS.map((tag) =>
    random.shuffle(GENEVAL_PROMPTS.filter((prompt) => prompt.tag === tag && isKnown(prompt))),
  );
  const chosen = new Set<GenEvalPrompt>();
  for (let turn = 0; chosen.size < count && byTag.some((prompts) => turn < prompts.length); turn++) {
    for (const prompts of byTag) if (turn < prompts.length && chosen.size < count) chosen.add(prompts[turn]);
  }
  if (chosen.size === 0)
    throw new UserError("None of GenEval's prompts is about the objects and colors of this world.");
  return GENEVAL_PROMPTS.filter((prompt) => chosen.has(prompt)).map((prompt) => ({
    prompt,
    scene: sceneOf(random.fork(), prompt, world),
  }));
}

/**
 * GenEval on the picture world: the prompts, rules and formula of arXiv 2310.11513. The score of a category is the share of pictures
 * that are right; the overall score is the mean of the categories, each counting the same.
 */
export const genEval: Suite = {
  name: "world-geneval",
  count: GENEVAL_PROMPTS.length,
  run: runGenEval,
};

async function runGenEval(options: SuiteOptions): Promise<SuiteRun> {
  const tasks = planGenEval(options.seed, taskCount(options, genEval), options.world);
  const copies = tasks.flatMap((task) => new Array<GenEvalTask>(PICTURES).fill(task));
  const exhibits: Exhibit[] = [];
  const faults = await inParts(genEval.name, options, copies, async (part, drawing, first) => {
    const pictures = await options.artist.generate(
      part.map(({ prompt }) => prompt.prompt),
      drawing,
    );
    const sightings = await options.reader.look(pictures);
    return pictures.map((picture, i) => {
      const { prompt } = part[i];
      const fault = faultOf(sightings[i], prompt);
      if (isShown(first + i, copies.length)) {
        const outcome = [fault, showSighting(sightings[i])].filter((each) => each !== undefined).join(" | ");
        const isRight = fault === undefined;
        exhibits.push({ test: prompt.tag, task: prompt.prompt, pictures: [picture], outcome, isRight });
      }
      return fault;
    });
  });
  const isRight = (fault: string | undefined): number => (fault === undefined ? 1 : 0);
  // Pictures of one prompt are no independent trials: a prompt is one, and its score the share of its pictures.
  const scores = tasks.map((_, i) => meanScore(faults.slice(i * PICTURES, (i + 1) * PICTURES).map(isRight)));
  const ceilings: number[][] = [];
  for (const pictures of await rightPictures(
    options,
    tasks.map(({ scene }) => scene),
  )) {
    const sightings = await options.reader.look(pictures);
    ceilings.push(tasks.map(({ prompt }, i) => isRight(faultOf(sightings[i], prompt))));
  }
  const byTag = (values: readonly number[], tag: GenEvalTag): Estimate =>
    estimate(values.filter((_, i) => tasks[i].prompt.tag === tag));
  const tags = GENEVAL_TAGS.filter((tag) => tasks.some(({ prompt }) => prompt.tag === tag));
  const score = (test: string, of: (values: readonly number[]) => Estimate): Score => ({
    test,
    right: "all of the prompt",
    kind: "share",
    value: of(scores),
    ceilings: ceilings.map(of),
  });
  return {
    result: {
      suite: genEval.name,
      seed: options.seed,
      tasks: tasks.length,
      ceilingsOf: ceilingsOf(options),
      overall: score(`mean of the ${tags.length} categories`, (values) =>
        meanOf(tags.map((tag) => byTag(values, tag))),
      ),
      scores: tags.map((tag) => score(tag, (values) => byTag(values, tag))),
    },
    exhibits,
  };
}
