import { describe, expect, it } from "vitest";
import { EDIT_TYPES, isHeldOut, type Scene } from "../../../src/data/index.ts";
import { edit, planEdits } from "../../../src/evaluation/suites/edit.ts";
import type { SuiteResult } from "../../../src/evaluation/suites/suite.ts";
import { preparedArtist } from "./artists.ts";

const seed = 5;
const count = 45;
const tasks = planEdits(seed, count);

async function scoreOf(edited: readonly Scene[]): Promise<SuiteResult> {
  const { artist, oracle: reader } = preparedArtist({ edited });
  return (await edit.run({ artist, reader, seed, count })).result;
}

const of = ({ scores }: SuiteResult, right: string): number[] =>
  scores.filter((score) => score.right === right).map(({ value }) => value.mean);

describe("world-edit", () => {
  it("has as many of each type, with a held-out combination in each", () => {
    for (const type of EDIT_TYPES) expect(tasks.filter((task) => task.type === type).length).toBe(5);
    for (const { source, target } of tasks) expect(isHeldOut(source) || isHeldOut(target)).toBe(true);
    expect(planEdits(seed, count)).toEqual(tasks);
  });

  it("leaves out what a world of single objects does not allow", () => {
    const few = ["car", "dog", "cup", "chair", "banana", "clock"];
    const world = { tasks: ["single_object", "colors"] as const, objects: few, styles: ["emoji"] as const };
    const edits = planEdits(seed, 24, world);
    const types = new Set(edits.map(({ type }) => type));
    for (const type of ["replace", "adjust", "background", "style"] as const) expect(types.has(type)).toBe(true);
    for (const { source, target } of edits) {
      expect(Math.max(source.objects.length, target.objects.length)).toBe(1);
      for (const { name } of source.objects) expect(few).toContain(name);
    }
  });

  it("gives full marks for the exact targets", async () => {
    const result = await scoreOf(tasks.map(({ target }) => target));
    expect(of(result, "change found, rest kept")).toEqual(Array(9).fill(1));
    expect(of(result, "distance outside")).toEqual(Array(8).fill(0));
    expect(of(result, "distance to the target")).toEqual([0]);
    expect(result.overall.value.mean).toBe(1);
  });

  it("gives none for pictures left as they were, of which all is kept", async () => {
    const result = await scoreOf(tasks.map(({ source }) => source));
    expect(of(result, "change found, rest kept")).toEqual(Array(9).fill(0));
    expect(of(result, "change found")).toEqual(Array(9).fill(0));
    expect(of(result, "rest kept")).toEqual(Array(8).fill(1));
  });

  it("gives none for the results of other edits", async () => {
    const shifted = tasks.map((_, i) => tasks[(i + 1) % count].target);
    const result = await scoreOf(shifted);
    expect(Math.max(...of(result, "change found, rest kept"))).toBe(0);
  });
});
