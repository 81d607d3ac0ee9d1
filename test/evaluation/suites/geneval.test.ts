import { beforeAll, describe, expect, it } from "vitest";
import { GENEVAL_TAGS, type Scene } from "../../../src/data/index.ts";
import { FAULTS, wrongScene } from "../../../src/evaluation/detector/measure.ts";
import { type GenEvalTask, genEval, planGenEval } from "../../../src/evaluation/suites/geneval.ts";
import type { SuiteResult } from "../../../src/evaluation/suites/suite.ts";
import { Random } from "../../../src/random.ts";
import { preparedArtist, repeated } from "./artists.ts";

const seed = 3;
const count = 36;
let tasks: GenEvalTask[];
beforeAll(() => {
  tasks = planGenEval(seed, count);
});

async function scoreOf(drawn: readonly Scene[]): Promise<SuiteResult> {
  const { artist, oracle: reader } = preparedArtist({ drawn });
  return (await genEval.run({ artist, reader, seed, count })).result;
}

const means = ({ scores }: SuiteResult): number[] => scores.map(({ value }) => value.mean);

describe("world-geneval", () => {
  it("takes evenly from the six categories, in the order of GenEval's file, the same for the same seed", () => {
    expect(GENEVAL_TAGS.map((tag) => tasks.filter(({ prompt }) => prompt.tag === tag).length)).toEqual(
      Array(6).fill(6),
    );
    expect(planGenEval(seed, count)).toEqual(tasks);
    const texts = (of: GenEvalTask[]) => of.map(({ prompt }) => prompt.prompt);
    expect(texts(planGenEval(seed + 1, count))).not.toEqual(texts(tasks));
  });

  it("asks only for what a world has", () => {
    const small = planGenEval(seed, 50, { objects: ["dog", "car", "apple"], colors: ["red", "blue"] });
    expect(small.length).toBeGreaterThan(2);
    for (const { prompt } of small) {
      for (const { object } of prompt.include) expect(["dog", "car", "apple"]).toContain(object);
    }
    expect(() => planGenEval(seed, 5, { objects: [] })).toThrow(/None of GenEval's prompts/);
  });

  it("gives full marks for the right scenes", async () => {
    const result = await scoreOf(
      repeated(
        tasks.map(({ scene }) => scene),
        4,
      ),
    );
    expect(means(result)).toEqual(Array(6).fill(1));
    expect(result.overall.value).toMatchObject({ mean: 1, high: 1, trials: 36 });
    expect(result.overall.value.low).toBeGreaterThan(0.7);
    expect(result.ceilingsOf).toEqual(["clean renders"]);
  });

  it.each(FAULTS)("gives none for %s", async (fault) => {
    const random = new Random(1);
    // A prompt that cannot be wrong in this way is drawn right.
    const spoiled = tasks.map(({ prompt }) => wrongScene(random, prompt, fault));
    const drawn = tasks.map(({ scene }, i) => spoiled[i] ?? scene);
    const result = await scoreOf(repeated(drawn, 4));
    const expected = GENEVAL_TAGS.map((tag) => {
      const own = tasks.flatMap(({ prompt }, i) => (prompt.tag === tag ? [spoiled[i] === undefined ? 1 : 0] : []));
      return own.reduce<number>((sum, each) => sum + each, 0) / own.length;
    });
    expect(means(result)).toEqual(expected);
    expect(Math.min(...expected)).toBe(0);
    expect(result.overall.value.mean).toBeCloseTo(expected.reduce((sum, each) => sum + each, 0) / 6, 12);
  });

  it("counts pictures of one prompt as shares of it", async () => {
    const [other] = tasks;
    const drawn = tasks.flatMap(({ scene }) => [scene, scene, scene, { ...other.scene, objects: [] }]);
    const result = await scoreOf(drawn);
    expect(means(result)).toEqual(Array(6).fill(0.75));
    expect(result.overall.value.mean).toBe(0.75);
  });
});
