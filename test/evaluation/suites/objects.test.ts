import { describe, expect, it } from "vitest";
import { describe as inWords, isGenEvalPrompt, isHeldOut, OBJECT_NAMES, type Scene } from "../../../src/data/index.ts";
import { mentionedObjects } from "../../../src/evaluation/mentions.ts";
import { objects } from "../../../src/evaluation/suites/objects.ts";
import { planChanges, planDescriptions, planPrompts } from "../../../src/evaluation/suites/objects-tasks.ts";
import type { SuiteResult, World } from "../../../src/evaluation/suites/suite.ts";
import { preparedArtist } from "./artists.ts";

const seed = 5;
const count = 48;

/** The suite's result for an artist that draws and says what `choose` gives instead of each scene that is asked for. */
async function scoreOf(choose: (scenes: readonly Scene[], index: number) => Scene): Promise<SuiteResult> {
  const chosen = (scenes: readonly Scene[]) => scenes.map((_, i) => choose(scenes, i));
  const { artist, oracle: reader } = preparedArtist({
    drawn: chosen(planPrompts(seed, count).map(({ scene }) => scene)),
    said: chosen(planDescriptions(seed, count)).map((scene) => inWords(scene)),
    edited: (["color", "background"] as const).flatMap((kind) =>
      chosen(planChanges(seed, kind, count / 4).map(({ scene }) => scene)),
    ),
  });
  return (await objects.run({ artist, reader, seed, count })).result;
}

describe("world-objects", () => {
  const tasks = planPrompts(3, 200);

  it("asks for every object, half of them colored, a fourth of those held out", () => {
    const counted = (kind: string) => tasks.filter((task) => task.kind === kind).length;
    expect([counted("single object"), counted("colored object"), counted("held-out combination")]).toEqual([
      100, 75, 25,
    ]);
    expect(new Set(tasks.map(({ wanted }) => wanted.object))).toEqual(new Set(OBJECT_NAMES));
    for (const { kind, scene } of tasks) expect(isHeldOut(scene)).toBe(kind === "held-out combination");
    expect(planPrompts(3, 200)).toEqual(tasks);
  });

  it("asks for the objects of another world", () => {
    const asked = (world: World) => new Set(planPrompts(3, 200, world).map(({ wanted }) => wanted.object));
    expect(asked({ styles: ["flat"] })).toEqual(new Set(OBJECT_NAMES));
    expect(asked({ objects: ["car", "dog"] })).toEqual(new Set(["car", "dog"]));
  });

  it("says what is wanted, and only that", () => {
    for (const { prompt, wanted } of tasks) {
      expect(mentionedObjects(prompt)).toEqual([wanted.object]);
      expect(isGenEvalPrompt(prompt)).toBe(false);
      if (wanted.color !== undefined) expect(prompt).toContain(`${wanted.color} ${wanted.object}`);
    }
  });

  it("asks for edits whose result differs from the source in what the instruction asks for, and in nothing else", () => {
    for (const { source, scene } of planChanges(1, "color", 30)) {
      expect(scene.objects[0].color).not.toBe(source.objects[0].color);
      expect(scene.background).toEqual(source.background);
    }
    for (const { source, scene, wanted } of planChanges(1, "background", 30)) {
      expect(wanted.background).not.toBe(source.background.kind);
      expect(scene.objects).toEqual(source.objects);
    }
  });

  it("shows pictures to describe, colored ones in held-out combinations only", () => {
    for (const [i, scene] of planDescriptions(1, 40).entries()) expect(isHeldOut(scene)).toBe(i % 2 === 1);
  });

  it("gives full marks for exactly what is asked for", async () => {
    const result = await scoreOf((scenes, i) => scenes[i]);
    expect(result.scores.length).toBe(10 + 2 + 8);
    for (const { test, right, value } of [...result.scores, result.overall]) {
      expect(value.mean, `${test}: ${right}`).toBe(1);
    }
  });

  it("gives next to nothing for something else", async () => {
    const result = await scoreOf((scenes, i) => {
      const [{ name, color }] = scenes[i].objects;
      const differs = ({ objects: [other], background }: Scene) =>
        other.name !== name && other.color !== color && background.kind !== scenes[i].background.kind;
      return scenes.find(differs)!;
    });
    for (const { test, right, value } of [...result.scores, result.overall]) {
      expect(value.mean, `${test}: ${right}`).toBe(0);
    }
  });
});
