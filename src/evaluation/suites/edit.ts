import {
  EDIT_TYPES,
  type Edit,
  type EditOptions,
  type EditType,
  isHeldOut,
  isSingle,
  planEdit,
  sizesFor,
} from "../../data/index.ts";
import { UserError } from "../../errors.ts";
import { Random } from "../../random.ts";
import { editedRegion } from "../edits/distance.ts";
import { type EditVerdict, judgeEdit } from "../edits/judge.ts";
import { type Estimate, estimate, meanOf } from "../estimate.ts";
import { drawPictures } from "../renders.ts";
import { showSighting } from "../sighting.ts";
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
  type World,
} from "./suite.ts";

const MOST_ATTEMPTS = 300;
/** Side in pixels at which a change has to be seen. */
const SEEN_AT = 32;

/**
 * So many edits, of all types that the world allows in turn, each with a combination held out of training in its source or its target.
 *
 * @throws UserError when the world allows none
 */
export function planEdits(seed: number, count: number, world: World = {}): Edit[] {
  const random = new Random(seed);
  const { tasks, sizes, ...rest } = world;
  // A world of single objects has edits of single objects, and its sizes are meant for them.
  const options: EditOptions = tasks?.every(isSingle)
    ? { ...rest, sizes, mostObjects: 1 }
    : { ...rest, sizes: sizesFor("dense", sizes) };
  const types = new Set(EDIT_TYPES);
  const edits: Edit[] = [];
  while (edits.length < count) {
    for (const type of [...types].slice(0, count - edits.length)) {
      const edit = planHeldOut(random, { ...options, types: [type], heldOut: "any" });
      if (edit === undefined) types.delete(type);
      else edits.push(edit);
    }
    if (types.size === 0)
      throw new UserError("This world allows no edit with a held-out combination: allow more objects or colors.");
  }
  return edits;
}

function planHeldOut(random: Random, options: EditOptions): Edit | undefined {
  for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt++) {
    let edit: Edit;
    try {
      edit = planEdit(random, options);
    } catch (error) {
      // Not every world allows every type: where there is but one object, nothing can be put beside it.
      if (error instanceof UserError) return undefined;
      throw error;
    }
    if ((isHeldOut(edit.source) || isHeldOut(edit.target)) && isSeen(edit)) return edit;
  }
  return undefined;
}

/** Whether anything changes that can be seen: black and white does nothing to a picture that is already. */
function isSeen({ source, target }: Edit): boolean {
  const [before, after] = drawPictures([source, target], SEEN_AT);
  return editedRegion(before, after).includes(1);
}

/** ImgEdit's nine types of edits (arXiv 2505.20275): what was asked has to be found, and the rest to be as it was. */
export const edit: Suite = {
  name: "world-edit",
  count: 270,
  run: runEdit,
};

async function runEdit(options: SuiteOptions): Promise<SuiteRun> {
  const { seed, artist, reader, world } = options;
  const tasks = planEdits(seed, taskCount(options, edit), world);
  const exhibits: Exhibit[] = [];
  const draw = (scene: Edit["source"]) => drawPictures([scene], artist.size)[0];
  const verdicts = await inParts(edit.name, options, tasks, async (part, drawing, first) => {
    const sources = part.map(({ source }) => draw(source));
    const results = await artist.edit(
      sources,
      part.map(({ instruction }) => instruction),
      drawing,
    );
    const sightings = await reader.look(results);
    return results.map((result, i) => {
      const verdict = judgeEdit(part[i], result, sightings[i], draw);
      if (isShown(first + i, tasks.length)) {
        const { type, instruction, target } = part[i];
        const pictures = [sources[i], result, draw(target)];
        const outcome = `${showVerdict(verdict)} | ${showSighting(sightings[i])}`;
        exhibits.push({ test: type, task: instruction, pictures, outcome, isRight: verdict.isRight });
      }
      return verdict;
    });
  });
  const ceilings: EditVerdict[][] = [];
  for (const pictures of await rightPictures(
    options,
    tasks.map(({ target }) => target),
  )) {
    const sightings = await reader.look(pictures);
    ceilings.push(tasks.map((task, i) => judgeEdit(task, pictures[i], sightings[i], draw)));
  }
  const types = EDIT_TYPES.filter((type) => tasks.some((task) => task.type === type));
  const of = (all: readonly EditVerdict[], type: EditType, value: (verdict: EditVerdict) => number): Estimate =>
    estimate(all.filter((_, i) => tasks[i].type === type).map(value));
  const score = (
    test: string,
    right: string,
    kind: Score["kind"],
    over: (all: readonly EditVerdict[]) => Estimate,
  ): Score => ({
    test,
    right,
    kind,
    value: over(verdicts),
    ceilings: ceilings.map(over),
  });
  const isRight = (verdict: EditVerdict) => (verdict.isRight ? 1 : 0);
  return {
    result: {
      suite: edit.name,
      seed,
      tasks: tasks.length,
      ceilingsOf: ceilingsOf(options),
      overall: score(`mean of the ${types.length} types`, "change found, rest kept", "share", (all) =>
        meanOf(types.map((type) => of(all, type, isRight))),
      ),
      scores: types.flatMap((type) => [
        score(type, "change found, rest kept", "share", (all) => of(all, type, isRight)),
        score(type, "change found", "share", (all) => of(all, type, ({ fault }) => (fault === undefined ? 1 : 0))),
        ...(type === "style"
          ? []
          : [score(type, "rest kept", "share", (all) => of(all, type, ({ isKept }) => (isKept ? 1 : 0)))]),
        score(type, type === "style" ? "distance to the target" : "distance outside", "distance", (all) =>
          of(all, type, (verdict) => verdict.distance),
        ),
      ]),
    },
    exhibits,
  };
}

function showVerdict({ fault, isKept, distance }: EditVerdict): string {
  const rest = isKept ? "rest kept" : "rest changed";
  return `${fault ?? "change found"}, ${rest} (${distance.toFixed(3)})`;
}
