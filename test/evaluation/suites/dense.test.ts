import { beforeAll, describe, expect, it } from "vitest";
import { isGenEvalPrompt, isHeldOut, type Scene } from "../../../src/data/index.ts";
import { type DenseTask, dense, planDense } from "../../../src/evaluation/suites/dense.ts";
import type { SuiteResult } from "../../../src/evaluation/suites/suite.ts";
import { preparedArtist, repeated } from "./artists.ts";

const seed = 4;
const count = 20;
let tasks: DenseTask[];
beforeAll(() => {
  tasks = planDense(seed, count);
});

async function scoreOf(change: (scene: Scene) => Scene): Promise<SuiteResult> {
  const scenes = tasks.map(({ scene }) => change(scene));
  const { artist, oracle: reader } = preparedArtist({ drawn: repeated(scenes, 4) });
  return (await dense.run({ artist, reader, seed, count })).result;
}

const of = ({ scores }: SuiteResult, about: string): number => scores.find(({ test }) => test === about)!.value.mean;

describe("world-dense", () => {
  it("describes held-out scenes of three or four objects in sentences", () => {
    for (const { scene, text, statements } of tasks) {
      expect(isHeldOut(scene)).toBe(true);
      expect(isGenEvalPrompt(text)).toBe(false);
      expect(text.split(" ").length).toBeLessThanOrEqual(60);
      expect(statements.filter(({ about }) => about === "object").length).toBe(scene.objects.length);
    }
    expect(planDense(seed, count)).toEqual(tasks);
  });

  it("gives full marks for the right scenes", async () => {
    const result = await scoreOf((scene) => scene);
    expect(result.overall.value.mean).toBe(1);
    for (const { value } of result.scores) expect(value.mean).toBe(1);
  });

  it("takes only the statements about an object that is missing", async () => {
    const result = await scoreOf((scene) => ({ ...scene, objects: scene.objects.slice(0, -1) }));
    const expected = tasks.map(({ scene, statements }) => {
      const last = scene.objects.length - 1;
      const lost = statements.filter((each) => "object" in each && each.object === last).length;
      return 1 - lost / statements.length;
    });
    expect(result.overall.value.mean).toBeCloseTo(expected.reduce((sum, each) => sum + each, 0) / count, 12);
    expect(of(result, "background")).toBe(1);
    expect(of(result, "object")).toBeGreaterThan(0.6);
    expect(of(result, "object")).toBeLessThan(0.8);
  });

  it("takes only the colours where those are wrong", async () => {
    const result = await scoreOf((scene) => ({
      ...scene,
      objects: scene.objects.map((object) => ({ ...object, color: object.color === "red" ? "blue" : "red" })),
    }));
    expect(of(result, "color")).toBe(0);
    for (const about of ["object", "size", "place", "relation", "background"]) expect(of(result, about)).toBe(1);
  });

  it("gives next to nothing for pictures of nothing", async () => {
    const result = await scoreOf((scene) => ({ ...scene, objects: [] }));
    for (const about of ["object", "color", "size", "place", "relation"]) expect(of(result, about)).toBe(0);
    expect(of(result, "background")).toBe(1);
  });
});
