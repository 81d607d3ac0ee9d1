import { describe, expect, it } from "vitest";
import { EASY_OBJECTS, isGenEvalPrompt, isHeldOut } from "../../src/data/index.ts";
import { mentionedObjects, namesOnly } from "../../src/evaluation/mentions.ts";
import { planDescriptions, planEdits, planPrompts } from "../../src/evaluation/tasks.ts";

describe("planPrompts", () => {
  const tasks = planPrompts(3, 200);

  it("asks the same for the same seed, and something else for another", () => {
    expect(planPrompts(3, 200)).toEqual(tasks);
    expect(planPrompts(4, 200).map(({ prompt }) => prompt)).not.toEqual(tasks.map(({ prompt }) => prompt));
  });

  it("asks for every object, half of them colored, a fourth of those held out", () => {
    const count = (kind: string) => tasks.filter((task) => task.kind === kind).length;
    expect([count("single object"), count("colored object"), count("held-out combination")]).toEqual([100, 75, 25]);
    expect(new Set(tasks.map(({ wanted }) => wanted.object))).toEqual(new Set(EASY_OBJECTS));
    for (const { kind, scene } of tasks) expect(isHeldOut(scene)).toBe(kind === "held-out combination");
  });

  it("says what is wanted, and only that", () => {
    for (const { prompt, wanted } of tasks) {
      expect(mentionedObjects(prompt)).toEqual([wanted.object]);
      expect(isGenEvalPrompt(prompt)).toBe(false);
      if (wanted.color !== undefined) expect(prompt).toContain(`${wanted.color} ${wanted.object}`);
    }
  });
});

it("plans edits whose result differs from the source in what the instruction asks for, and in nothing else", () => {
  for (const { source, scene } of planEdits(1, "color", 30)) {
    expect(scene.objects[0].color).not.toBe(source.objects[0].color);
    expect(scene.background).toEqual(source.background);
  }
  for (const { source, scene, wanted } of planEdits(1, "background", 30)) {
    expect(wanted.background).not.toBe(source.background.kind);
    expect(scene.objects).toEqual(source.objects);
  }
  expect(planEdits(1, "color", 5)).toEqual(planEdits(1, "color", 5));
});

it("plans pictures to describe, colored ones in held-out combinations only", () => {
  const scenes = planDescriptions(1, 40);
  for (const [i, scene] of scenes.entries()) expect(isHeldOut(scene)).toBe(i % 2 === 1);
  expect(planDescriptions(1, 40)).toEqual(scenes);
});

describe("mentioned objects", () => {
  it("are whole words, longest first, singular or plural", () => {
    expect(mentionedObjects("A red teddy bear on the road")).toEqual(["teddy bear"]);
    expect(mentionedObjects("two buses and a pair of scissors").sort()).toEqual(["bus", "scissors"]);
    expect(mentionedObjects("a cartoon cupboard")).toEqual([]);
  });

  it("must be the one that is there and no other", () => {
    expect(namesOnly("a picture of a bear in the snow", "bear")).toBe(true);
    expect(namesOnly("a picture of a teddy bear", "bear")).toBe(false);
    expect(namesOnly("a car and a bus", "car")).toBe(false);
    expect(namesOnly("nothing at all", "car")).toBe(false);
  });
});
