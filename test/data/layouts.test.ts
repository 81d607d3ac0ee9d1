import { expect, it } from "vitest";
import { boxOf, tellScene } from "../../src/data/index.ts";
import { plural } from "../../src/data/words.ts";
import { Random } from "../../src/random.ts";

const tell = (seed: number, count: number, options: Parameters<typeof tellScene>[1] = {}) => {
  const random = new Random(seed);
  return Array.from({ length: count }, () => tellScene(random, options));
};
const told = tell(1, 300);
const inSentences = told.filter(({ text }) => text.includes("There is"));
const inLists = told.filter(({ text, isPlaced }) => isPlaced && !text.includes("There is"));

it("tells scenes in sentences, as lists and in other forms", () => {
  expect(inSentences.length).toBeGreaterThan(100);
  expect(inLists.length).toBeGreaterThan(50);
  expect(told.length - inSentences.length - inLists.length).toBeGreaterThan(30);
});

it("knows which words name what", () => {
  for (const { text, things } of told) {
    for (const { object, from, to } of things) {
      const words = text.slice(from, to);
      expect(words).toMatch(new RegExp(`^(pair of )?${object.color === null ? "" : `${object.color} `}`));
      expect([object.name, plural(object.name)].some((name) => words.endsWith(name))).toBe(true);
      expect(words).not.toMatch(/^(a|an|the|large|small) | $/);
    }
  }
});

it("knows the words for every object of a description, where they are said to be and not where they are told again", () => {
  for (const { text, scene, things } of inSentences) {
    if (scene.task !== "dense") continue;
    expect(things.map(({ object }) => object)).toEqual(scene.objects);
    for (const { from, to } of things) {
      expect(text.slice(0, from)).toMatch(/There is an? (large |small )?$/);
      expect(text.slice(to)).toMatch(/^ (in|on|at) the /);
    }
  }
});

it("lists things row by row, so that the list tells where they are", () => {
  for (const { scene, things } of inLists) {
    expect(things).toHaveLength(scene.objects.length);
    const spans = things.map(({ from }) => from);
    expect(spans).toEqual([...spans].sort((a, b) => a - b));
    const corners = things.map(({ object }) => {
      const { left, right, bottom } = boxOf(object);
      return [Math.round(bottom * 2), Math.round(left + right)];
    });
    expect(corners).toEqual([...corners].sort(([a, x], [b, y]) => a - b || x - y));
  }
});
