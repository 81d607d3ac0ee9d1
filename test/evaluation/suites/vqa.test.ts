import { describe, expect, it } from "vitest";
import { isHeldOut } from "../../../src/data/index.ts";
import type { SuiteResult } from "../../../src/evaluation/suites/suite.ts";
import { normalizeAnswer, planVqa, vqa } from "../../../src/evaluation/suites/vqa.ts";
import { preparedArtist } from "./artists.ts";

const seed = 6;
const count = 70;
const tasks = planVqa(seed, count);

async function scoreOf(said: readonly string[]): Promise<SuiteResult> {
  const { artist, oracle: reader } = preparedArtist({ said });
  return (await vqa.run({ artist, reader, seed, count })).result;
}

describe("world-vqa", () => {
  it("has as many of each kind, with yes and no in turn, about held-out scenes", () => {
    const kinds = new Set(tasks.map(({ kind }) => kind));
    expect([...kinds].sort()).toEqual(["background", "color", "how many", "is there", "relation", "what", "where"]);
    for (const kind of kinds) expect(tasks.filter((task) => task.kind === kind).length).toBe(10);
    for (const kind of ["is there", "relation"]) {
      expect(tasks.filter((task) => task.kind === kind && task.answer === "yes").length).toBe(5);
    }
    for (const { scene } of tasks) expect(isHeldOut(scene)).toBe(true);
    expect(planVqa(seed, count)).toEqual(tasks);
  });

  it("leaves out what a world of single objects does not allow, and says when it allows nothing", () => {
    const kinds = new Set(planVqa(seed, 30, { tasks: ["single_object", "colors"] }).map(({ kind }) => kind));
    expect(kinds.has("relation")).toBe(false);
    expect(kinds.has("color")).toBe(true);
    expect(() => planVqa(seed, 5, { tasks: ["single_object"] })).toThrow(/nothing is held out/);
  });

  it("gives full marks for the answers, in any letter case and order", async () => {
    const said = tasks.map(({ answer }) => `${answer.split(" and ").reverse().join(" and ").toUpperCase()}.`);
    const result = await scoreOf(said);
    for (const { value } of result.scores) expect(value.mean).toBe(1);
    expect(result.overall.value.mean).toBe(1);
  });

  it("gives the best blind guess for always the commonest answer", async () => {
    const commonest = (kind: string): string => {
      const answers = tasks.filter((task) => task.kind === kind).map(({ answer }) => normalizeAnswer(answer));
      const times = (answer: string) => answers.filter((other) => other === answer).length;
      return [...answers].sort((a, b) => times(b) - times(a))[0];
    };
    const result = await scoreOf(tasks.map(({ kind }) => commonest(kind)));
    for (const { test, value, blind } of result.scores) expect(value.mean, test).toBeCloseTo(blind!, 12);
    expect(result.overall.value.mean).toBeCloseTo(result.overall.blind!, 12);
    expect(result.scores.find(({ test }) => test === "is there")!.blind).toBe(0.5);
  });
});
