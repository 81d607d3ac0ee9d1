/** Whole suites with the reader that ships: artists that draw the right scenes, and artists that draw them wrong by one thing. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Scene } from "../../../src/data/index.ts";
import { Detector } from "../../../src/evaluation/detector/detector.ts";
import { FAULTS, wrongScene } from "../../../src/evaluation/detector/measure.ts";
import { exhibitSheet } from "../../../src/evaluation/sheet.ts";
import { dense, planDense } from "../../../src/evaluation/suites/dense.ts";
import { edit, planEdits } from "../../../src/evaluation/suites/edit.ts";
import { genEval, planGenEval } from "../../../src/evaluation/suites/geneval.ts";
import { objects } from "../../../src/evaluation/suites/objects.ts";
import { planChanges, planPrompts } from "../../../src/evaluation/suites/objects-tasks.ts";
import { Random } from "../../../src/random.ts";
import { type Answers, preparedArtist, repeated } from "./artists.ts";

const seed = 9;
let reader: Detector;
beforeAll(async () => {
  reader = await Detector.load(undefined, { threads: 1 });
});
afterAll(() => reader.release());

const suites = { genEval, dense, edit, objects };

/** What a suite makes of an artist's answers, by the reader that ships. */
const run = (suite: keyof typeof suites, count: number, answers: Answers) =>
  suites[suite].run({ artist: preparedArtist(answers).artist, reader, seed, count });

const EMPTY_TEXT = "a picture of nothing";

describe("world-geneval", () => {
  const count = 60;
  const tasks = planGenEval(seed, count);
  const scored = async (scenes: readonly Scene[]) =>
    (await run("genEval", count, { drawn: repeated(scenes, 4) })).result;

  it("passes right scenes as often as its ceiling says", async () => {
    const { overall, scores } = await scored(tasks.map(({ scene }) => scene));
    expect(overall.value.mean).toBe(overall.ceilings[0].mean);
    expect(overall.value.mean).toBeGreaterThan(0.93);
    for (const { value } of scores) expect(value.mean).toBeGreaterThan(0.7);
  });

  it.each(FAULTS)("fails scenes with %s", async (fault) => {
    const random = new Random(2);
    const wrong = tasks.map(({ prompt }) => wrongScene(random, prompt, fault));
    // Where a prompt cannot be wrong in this way, nothing is drawn.
    const drawn = wrong.map((scene, i) => scene ?? { ...tasks[i].scene, objects: [] });
    const { scores } = await scored(drawn);
    const passed = scores.reduce((sum, { value }) => sum + value.mean * value.trials, 0);
    expect(passed / wrong.filter((scene) => scene !== undefined).length).toBeLessThan(0.06);
  });
});

describe("world-dense", () => {
  const count = 30;
  const tasks = planDense(seed, count);
  const scored = async (change: (scene: Scene) => Scene) =>
    (
      await run("dense", count, {
        drawn: repeated(
          tasks.map(({ scene }) => change(scene)),
          4,
        ),
      })
    ).result;

  it("finds nearly all statements in right scenes, and few about the objects of empty ones", async () => {
    const right = await scored((scene) => scene);
    expect(right.overall.value.mean).toBe(right.overall.ceilings[0].mean);
    expect(right.overall.value.mean).toBeGreaterThan(0.95);
    const empty = await scored((scene) => ({ ...scene, objects: [] }));
    expect(empty.overall.value.mean).toBeLessThan(0.2);
    expect(empty.scores.find(({ test }) => test === "object")!.value.mean).toBeLessThan(0.02);
  });
});

describe("world-edit", () => {
  const count = 90;
  const tasks = planEdits(seed, count);

  it("passes exact targets as often as its ceiling says, and fails pictures left as they were", async () => {
    const right = await run("edit", count, { edited: tasks.map(({ target }) => target) });
    expect(right.result.overall.value).toEqual(right.result.overall.ceilings[0]);
    expect(right.result.overall.value.mean).toBeGreaterThan(0.9);
    const left = await run("edit", count, { edited: tasks.map(({ source }) => source) });
    expect(left.result.overall.value.mean).toBe(0);
    expect(left.exhibits.every(({ isRight }) => !isRight)).toBe(true);
  });
});

describe("world-objects", () => {
  const count = 48;
  const scenes = planPrompts(seed, count).map(({ scene }) => scene);
  const edited = (["color", "background"] as const).flatMap((kind) =>
    planChanges(seed, kind, count / 4).map(({ scene }) => scene),
  );
  const said = new Array<string>(count).fill(EMPTY_TEXT);

  it("passes right scenes as often as its ceiling says, and fails others; the sheet shows them", async () => {
    const right = await run("objects", count, { drawn: scenes, said, edited });
    const read = right.result.scores.filter(({ ceilings }) => ceilings.length > 0);
    for (const { value, ceilings } of read) expect(value).toEqual(ceilings[0]);
    expect(right.result.overall.value.mean).toBeGreaterThan(0.93);
    const others = scenes.map((scene) => scenes.find(({ objects: [other] }) => other.name !== scene.objects[0].name)!);
    const wrong = await run("objects", count, { drawn: others, said, edited });
    expect(wrong.result.overall.value.mean).toBe(0);
    expect(right.exhibits.length).toBe(2 * count + 2 * (count / 4));
    expect((await exhibitSheet(right.exhibits)).length).toBeGreaterThan(10_000);
  });
});
