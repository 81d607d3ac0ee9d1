import { describe, expect, it } from "vitest";
import { GROWTH, JUMP, SHRINKAGE } from "../../src/data/edits/index.ts";
import { EDIT_TYPES, type EditType, knownChanges, planEdit } from "../../src/data/index.ts";
import { Random } from "../../src/random.ts";

const many = (type: EditType, count = 80) => {
  const random = new Random(7);
  return Array.from({ length: count }, () => planEdit(random, { types: [type] })).map((edit) => ({
    edit,
    ...knownChanges(edit),
  }));
};
const still = { goes: false, alone: false, mirrors: false, scale: 1, lift: 0 };

describe("knownChanges", () => {
  it("has the words that name a thing, in the instruction's own characters", () => {
    for (const { edit, things } of EDIT_TYPES.flatMap((type) => many(type, 30))) {
      for (const { object, from, to, color } of things) {
        const words = edit.instruction.slice(from, to);
        expect([object.name, `${object.color} ${object.name}`]).toContain(words.replace("pair of ", ""));
        expect(edit.instruction.slice(0, from)).toMatch(/\bthe $/i);
        if (color) expect(edit.instruction.slice(color.from, color.to)).toBe(color.name);
      }
    }
  });

  it.each(["remove", "replace"] as const)("knows what goes: %s", (type) => {
    for (const { edit, things, restStays } of many(type)) {
      expect(things).toHaveLength(1);
      expect(things[0]).toMatchObject({ ...still, goes: true });
      expect(edit.target.objects.map(({ name }) => name)).not.toContain(things[0].object.name);
      expect(restStays).toBe(true);
    }
  });

  it("knows what is painted or made larger or smaller", () => {
    const seen = new Set<string>();
    for (const { edit, things, restStays } of many("adjust")) {
      expect([things.length, restStays]).toEqual([1, true]);
      const [{ color, scale, object, ...thing }] = things;
      const after = edit.target.objects.find(({ name }) => name === object.name)!;
      expect(thing).toMatchObject({ goes: false, alone: false, mirrors: false, lift: 0 });
      if (color) expect([color.name, scale]).toEqual([after.color, 1]);
      else expect([GROWTH, SHRINKAGE].some((factor) => Math.abs(scale - factor) < 1e-9)).toBe(true);
      seen.add(color ? "painted" : scale > 1 ? "larger" : "smaller");
    }
    expect([...seen].sort()).toEqual(["larger", "painted", "smaller"]);
  });

  it("knows what jumps, what turns, and what takes another pose, as the target has it", () => {
    const seen = new Set<string>();
    for (const { edit, things, restStays } of many("action", 200)) {
      expect([things.length, restStays]).toEqual([1, true]);
      const [{ object, from: _from, to: _to, posed, ...thing }] = things;
      if (posed) {
        expect(edit.target.objects).toContainEqual(posed);
        expect([posed.name, posed.style]).toEqual([object.name, object.style]);
        expect(posed.icon).not.toBe(object.icon);
      }
      const is = thing.mirrors ? { mirrors: true } : { lift: posed ? 0 : JUMP };
      expect(thing).toMatchObject({ ...still, ...is });
      seen.add(posed ? "posed" : thing.mirrors ? "turned" : "jumped");
    }
    expect([...seen].sort()).toEqual(["jumped", "posed", "turned"]);
  });

  it("knows what is all that stays", () => {
    for (const { edit, things, restStays } of many("extract")) {
      expect(things.map(({ object }) => object.name)).toEqual(edit.target.objects.map(({ name }) => name));
      expect(things[0]).toMatchObject({ ...still, alone: true });
      expect(restStays).toBe(false);
    }
  });

  it("knows of two changes at once which is of what", () => {
    const counts = new Set<number>();
    for (const { edit, things, restStays } of many("hybrid")) {
      const painted = things.filter(({ color }) => color);
      expect(painted).toHaveLength(1);
      expect(things.filter(({ goes }) => goes)).toHaveLength(things.length - 1);
      expect(restStays).toBe(JSON.stringify(edit.source.background) === JSON.stringify(edit.target.background));
      counts.add(things.length);
    }
    expect([...counts].sort()).toEqual([1, 2]);
  });

  it("knows what is new, and what that is put beside", () => {
    const besides = many("add").map(({ edit, fresh, beside }) => {
      expect(edit.target.objects).toContain(fresh!.object);
      expect(beside?.object.name).toBe(edit.placement?.anchor);
      if (beside) expect(edit.instruction.slice(beside.from, beside.to)).toContain(beside.object.name);
      return beside !== undefined;
    });
    expect(new Set(besides)).toEqual(new Set([true, false]));
    for (const { fresh, beside, things } of many("replace")) {
      expect([fresh === undefined, beside, things.length]).toEqual([false, undefined, 1]);
    }
    for (const { fresh, beside } of many("remove")) expect([fresh, beside]).toEqual([undefined, undefined]);
  });

  it.each(["add", "background", "style"] as const)("knows nothing that changes: %s", (type) => {
    for (const { things, restStays } of many(type)) {
      expect(things).toEqual([]);
      expect(restStays).toBe(type === "add");
    }
  });
});
