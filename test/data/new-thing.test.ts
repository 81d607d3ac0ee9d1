import { describe, expect, it } from "vitest";
import { BACKGROUND_COLORS, colorDistance } from "../../src/data/colors.ts";
import { backdropFor, type Edit, type EditType, newThing, newThingNamed, planEdit } from "../../src/data/index.ts";
import { iconId } from "../../src/data/objects.ts";
import { meanColor } from "../../src/data/sprites.ts";
import { Random } from "../../src/random.ts";
import { BACKDROPS } from "../../src/text/prompts.ts";
import { manyScenes } from "./scenes.ts";

const edits = (types: EditType[], count = 60): Edit[] => {
  const random = new Random(4);
  return Array.from({ length: count }, () => planEdit(random, { types }));
};

describe("what is new in an edit", () => {
  it("is what is added, or takes something's place", () => {
    for (const edit of edits(["add", "replace"])) {
      const thing = newThing(edit)!;
      expect(edit.target.objects).toContain(thing);
      expect(edit.source.objects.map(({ name }) => name)).not.toContain(thing.name);
      expect(edit.instruction).toContain(thing.name);
    }
    for (const edit of edits(["remove", "adjust", "extract", "background", "style", "action"])) {
      expect(newThing(edit)).toBeUndefined();
    }
  });

  it("has the backdrop that it stands out from most, of those that prompts know", () => {
    const found = new Set<string>();
    for (const { objects } of manyScenes(2, 200, { tasks: ["single_object", "colors"], styles: ["emoji"] })) {
      const mean = meanColor(objects[0].icon, objects[0].color);
      const distance = (color: "teal" | "cream") => colorDistance(mean, BACKGROUND_COLORS[color]);
      const backdrop = backdropFor(objects[0]);
      expect(distance(backdrop)).toBe(Math.max(...BACKDROPS.map(distance)));
      found.add(backdrop);
    }
    expect([...found].sort()).toEqual([...BACKDROPS].sort());
  });

  it("has the backdrop of its emoji, in whatever style it is", () => {
    for (const { objects } of manyScenes(3, 60, { tasks: ["colors"], styles: ["flat", "glossy"] })) {
      const [, icon] = objects[0].icon.split(":");
      if (objects[0].icon.startsWith("custom:")) continue;
      expect(backdropFor(objects[0])).toBe(backdropFor({ ...objects[0], icon: iconId(icon, "emoji") }));
    }
  });

  it("is named by words of the instruction", () => {
    for (const edit of edits(["add", "replace", "hybrid"], 60)) {
      const thing = newThing(edit);
      const found = newThingNamed(edit);
      expect(found === undefined).toBe(thing === undefined);
      if (!found || !thing) continue;
      expect(found.object).toBe(thing);
      const words = edit.instruction.slice(found.from, found.to);
      expect(words).toMatch(thing.color === null ? /^an? / : new RegExp(`${thing.color} `));
      expect(words.endsWith(thing.name)).toBe(true);
      // It is what is brought, not what it is put beside or takes the place of.
      expect(edit.instruction.slice(0, found.from)).toMatch(/(Add|Put|Place|with|into|for) $/);
    }
    for (const edit of edits(["remove", "style"], 20)) expect(newThingNamed(edit)).toBeUndefined();
  });
});
