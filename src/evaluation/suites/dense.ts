import { backgroundPlaces } from "../../data/backgrounds.ts";
import { describeInStatements, planScene, type Scene, type Statement, sizesFor } from "../../data/index.ts";
import { Random } from "../../random.ts";
import { type Estimate, estimate } from "../estimate.ts";
import { showSighting } from "../sighting.ts";
import { statementsThatHold } from "../statements.ts";
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

/** Pictures of each description, as DPG-Bench has it. */
const PICTURES = 4;
/** A picture of which at least this share of statements holds is marked as right on the sheet; the score knows no such line. */
const MARKED = 0.9;

/** A long description, with the scene that it is of. */
export interface DenseTask {
  scene: Scene;
  text: string;
  statements: Statement[];
}

/** Descriptions of scenes of three or four objects, each of which shows a combination held out of training. */
export function planDense(seed: number, count: number, world: World = {}): DenseTask[] {
  const random = new Random(seed);
  return Array.from({ length: count }, () => {
    const sizes = sizesFor("dense", world.sizes);
    const scene = planScene(random, { ...world, tasks: ["dense"], sizes, heldOut: "only" });
    return { scene, ...describeInStatements(scene, random.pick(backgroundPlaces(scene.background))) };
  });
}

/** DPG-Bench on the picture world (arXiv 2403.05135): a picture's score is the share of the description's statements that hold. */
export const dense: Suite = {
  name: "world-dense",
  count: 120,
  run: runDense,
};

const ABOUTS = ["object", "color", "size", "place", "relation", "background", "background color"] as const;

async function runDense(options: SuiteOptions): Promise<SuiteRun> {
  const { seed, world, artist, reader } = options;
  const tasks = planDense(seed, taskCount(options, dense), world);
  const copies = tasks.flatMap((task) => new Array<DenseTask>(PICTURES).fill(task));
  const exhibits: Exhibit[] = [];
  const held = await inParts(dense.name, options, copies, async (part, drawing, first) => {
    const pictures = await artist.generate(
      part.map(({ text }) => text),
      drawing,
    );
    const sightings = await reader.look(pictures);
    return pictures.map((picture, i) => {
      const { scene, statements, text } = part[i];
      const isTrue = statementsThatHold(scene, statements, sightings[i]);
      if (isShown(first + i, copies.length)) {
        const count = isTrue.filter(Boolean).length;
        const outcome = `${count} of ${isTrue.length} | ${showSighting(sightings[i])}`;
        const isRight = count >= MARKED * isTrue.length;
        exhibits.push({ test: "description", task: text, pictures: [picture], outcome, isRight });
      }
      return isTrue;
    });
  });
  const scenes = tasks.map(({ scene }) => scene);
  const ceilings: boolean[][][] = [];
  for (const pictures of await rightPictures(options, scenes)) {
    const sightings = await reader.look(pictures);
    ceilings.push(tasks.map(({ scene, statements }, i) => statementsThatHold(scene, statements, sightings[i])));
  }

  /** The estimate over descriptions, of those statements of theirs that count; `each` has so many pictures of every description. */
  const estimateOf = (
    each: readonly boolean[][],
    pictures: number,
    counts: (statement: Statement) => boolean,
  ): Estimate =>
    estimate(
      tasks.flatMap(({ statements }, i) => {
        const own = each.slice(i * pictures, (i + 1) * pictures);
        const shares = own.flatMap((isTrue) => isTrue.filter((_, at) => counts(statements[at])));
        return shares.length === 0 ? [] : [meanScore(shares)];
      }),
    );
  const score = (test: string, right: string, counts: (statement: Statement) => boolean): Score => ({
    test,
    right,
    kind: "share",
    value: estimateOf(held, PICTURES, counts),
    ceilings: ceilings.map((each) => estimateOf(each, 1, counts)),
  });
  return {
    result: {
      suite: dense.name,
      seed,
      tasks: tasks.length,
      ceilingsOf: ceilingsOf(options),
      overall: score("all statements", "share that holds", () => true),
      scores: ABOUTS.map((about) => score(about, "share that holds", (statement) => statement.about === about)),
    },
    exhibits,
  };
}
