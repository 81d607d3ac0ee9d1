import { describe, expect, it } from "vitest";
import { BACKGROUND_COLORS, colorDistance } from "../../src/data/colors.ts";
import { alone, type Edit, type EditType, newThing, newThingWords, planEdit } from "../../src/data/index.ts";
import { meanColor } from "../../src/data/sprites.ts";
import { Random } from "../../src/random.ts";
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

  it("is shown alone on the backdrop that it stands out from most", () => {
    for (const { objects } of manyScenes(2, 200, { tasks: ["single_object", "colors"] })) {
      const { objects: shown, background } = alone(objects[0]);
      expect(shown).toHaveLength(1);
      expect(shown[0]).toMatchObject({ name: objects[0].name, color: objects[0].color, flip: false, x: 0.5, y: 0.5 });
      expect(["emoji", objects[0].style]).toContain(shown[0].style);
      const mean = meanColor(shown[0].icon, shown[0].color);
      const distances = (["teal", "cream"] as const).map((color) => colorDistance(mean, BACKGROUND_COLORS[color]));
      expect(colorDistance(mean, BACKGROUND_COLORS[background.color!])).toBe(Math.max(...distances));
    }
  });

  it("is named by words of the instruction", () => {
    for (const edit of edits(["add", "replace", "hybrid"], 60)) {
      const thing = newThing(edit);
      const found = newThingWords(edit);
      expect(found === undefined).toBe(thing === undefined);
      if (!found || !thing) continue;
      expect(edit.instruction.slice(found.at, found.at + found.words.length)).toBe(found.words);
      expect(found.words).toMatch(thing.color === null ? /^an? / : new RegExp(`${thing.color} `));
      expect(found.words.endsWith(thing.name)).toBe(true);
      // It is what is brought, not what it is put beside or takes the place of.
      expect(edit.instruction.slice(0, found.at)).toMatch(/(Add|Put|Place|with|into|for) $/);
    }
    for (const edit of edits(["remove", "style"], 20)) expect(newThingWords(edit)).toBeUndefined();
  });
});
