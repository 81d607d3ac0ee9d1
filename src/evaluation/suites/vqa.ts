import {
  askQuestion,
  planScene,
  QUESTION_KINDS,
  type Question,
  type QuestionKind,
  type Scene,
  sizesFor,
  TASKS,
} from "../../data/index.ts";
import { UserError } from "../../errors.ts";
import { Random } from "../../random.ts";
import { type Estimate, estimate, meanOf } from "../estimate.ts";
import { drawPictures } from "../renders.ts";
import {
  type Exhibit,
  inParts,
  isShown,
  type Score,
  type Suite,
  type SuiteOptions,
  type SuiteRun,
  taskCount,
  type World,
} from "./suite.ts";

/** Kinds whose answers are short enough to be right to the letter. */
const KINDS: readonly QuestionKind[] = QUESTION_KINDS.filter((kind) => kind !== "describe");
const YES_NO: readonly QuestionKind[] = ["is there", "relation"];
/** A kind of which so many scenes allow no question has none in that world. */
const MOST_ATTEMPTS = 400;

/** A question about a scene, with its answer. */
export interface VqaTask extends Question {
  scene: Scene;
}

/**
 * So many questions, evenly of all kinds that the world allows, each about a scene of its own that shows a combination held out of
 * training. Of the answers to questions for yes or no, every other one is yes.
 *
 * @throws UserError when the world's scenes allow no question
 */
export function planVqa(seed: number, count: number, world: World = {}): VqaTask[] {
  const random = new Random(seed);
  const open = new Map(KINDS.map((kind) => [kind, 0]));
  const tasks: VqaTask[] = [];
  while (tasks.length < count) {
    for (const [kind, asked] of [...open]) {
      if (tasks.length === count) break;
      const answer = YES_NO.includes(kind) ? ["yes", "no"][asked % 2] : undefined;
      const task = askAbout(random, kind, answer, world);
      if (task === undefined) open.delete(kind);
      else open.set(kind, asked + 1);
      if (task !== undefined) tasks.push(task);
    }
    if (open.size === 0) throw new UserError("No question can be asked about the scenes of this world.");
  }
  return tasks;
}

function askAbout(random: Random, kind: QuestionKind, answer: string | undefined, world: World): VqaTask | undefined {
  // A natural object alone is no combination, so nothing of it can be held out.
  const tasks = (world.tasks ?? TASKS).filter((task) => task !== "single_object");
  if (tasks.length === 0)
    throw new UserError("Every scene of this world is a single object of natural look, so nothing is held out.");
  for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt++) {
    const task = random.pick(tasks);
    const sizes = sizesFor(task, world.sizes);
    const scene = planScene(random, { ...world, tasks: [task], sizes, heldOut: "only" });
    const question = askQuestion(random, scene, { kinds: [kind] });
    if (question.kind === kind && (answer === undefined || question.answer === answer)) return { ...question, scene };
  }
  return undefined;
}

/** An answer without what does not matter: letter case, a closing full stop, and the order of things joined by "and". */
export function normalizeAnswer(text: string): string {
  const words = text.trim().toLowerCase().replace(/\s+/g, " ").replace(/[.!]$/, "");
  return words.split(" and ").sort().join(" and ");
}

/** Questions about pictures, by exact match of the answers, beside what is had by always giving the likeliest answer unseen. */
export const vqa: Suite = {
  name: "world-vqa",
  count: 350,
  run: runVqa,
};

async function runVqa(options: SuiteOptions): Promise<SuiteRun> {
  const { seed, artist, world } = options;
  const tasks = planVqa(seed, taskCount(options, vqa), world);
  const exhibits: Exhibit[] = [];
  const right = await inParts(vqa.name, options, tasks, async (part, describing, first) => {
    const pictures = drawPictures(
      part.map(({ scene }) => scene),
      artist.sight,
    );
    const answers = await artist.describe(
      pictures,
      part.map(({ question }) => question),
      describing,
    );
    return answers.map((said, i) => {
      const { kind, question, answer } = part[i];
      const isRight = normalizeAnswer(said) === normalizeAnswer(answer);
      if (isShown(first + i, tasks.length)) {
        const outcome = isRight ? said : `${said} | right: ${answer}`;
        exhibits.push({ test: kind, task: question, pictures: [pictures[i]], outcome, isRight });
      }
      return isRight ? 1 : 0;
    });
  });
  const kinds = KINDS.filter((kind) => tasks.some((task) => task.kind === kind));
  const of = (kind: QuestionKind): Estimate => estimate(right.filter((_, i) => tasks[i].kind === kind));
  const blind = (kind: QuestionKind): number => likeliest(tasks.filter((task) => task.kind === kind));
  const score = (test: string, value: Estimate, guessed: number): Score => ({
    test,
    right: "the answer",
    kind: "share",
    value,
    ceilings: [],
    blind: guessed,
  });
  const guesses = kinds.map(blind);
  return {
    result: {
      suite: vqa.name,
      seed,
      tasks: tasks.length,
      ceilingsOf: [],
      overall: score(
        `mean of the ${kinds.length} kinds`,
        meanOf(kinds.map(of)),
        guesses.reduce((sum, guess) => sum + guess, 0) / guesses.length,
      ),
      scores: kinds.map((kind, i) => score(kind, of(kind), guesses[i])),
    },
    exhibits,
  };
}

/** The share of questions to which the commonest of their answers is right. */
function likeliest(tasks: readonly VqaTask[]): number {
  const counts = new Map<string, number>();
  for (const { answer } of tasks) {
    const key = normalizeAnswer(answer);
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return Math.max(...counts.values()) / tasks.length;
}
