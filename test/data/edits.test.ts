import { describe, expect, it } from "vitest";
import { backgroundScenery } from "../../src/data/backgrounds.ts";
import {
  boxOf,
  EDIT_TYPES,
  type Edit,
  type EditOptions,
  type EditType,
  isHeldOut,
  knownChanges,
  planEdit,
  relationsBetween,
} from "../../src/data/index.ts";
import { Random } from "../../src/random.ts";

function manyEdits(seed: number, count: number, types: EditType[], options: EditOptions = {}): Edit[] {
  const random = new Random(seed);
  return Array.from({ length: count }, () => planEdit(random, { ...options, types }));
}

/** Indices of the objects that are not the same in source and target; both must show equally many. */
function changed({ source, target }: Edit): number[] {
  expect(target.objects.length).toBe(source.objects.length);
  return source.objects.flatMap((object, index) =>
    JSON.stringify(object) === JSON.stringify(target.objects[index]) ? [] : [index],
  );
}

/** The fields in which two objects differ. */
function fields(a: object, b: object): string[] {
  const keys = [...new Set([...Object.keys(a), ...Object.keys(b)])] as (keyof typeof a)[];
  return keys.filter((key) => a[key] !== b[key]).sort();
}

describe("planEdit", () => {
  it("is determined by the seed", () => {
    expect(manyEdits(1, 60, [...EDIT_TYPES])).toEqual(manyEdits(1, 60, [...EDIT_TYPES]));
  });

  it("keeps both pictures clear and free of held-out combinations", () => {
    for (const { source, target } of manyEdits(2, 400, [...EDIT_TYPES])) {
      for (const scene of [source, target]) {
        expect(isHeldOut(scene)).toBe(false);
        const boxes = scene.objects.map(boxOf);
        for (const [index, box] of boxes.entries()) {
          expect(Math.min(box.left, box.top, 1 - box.right, 1 - box.bottom)).toBeGreaterThan(0.01);
          for (const other of boxes.slice(index + 1)) {
            const apart =
              box.right <= other.left || other.right <= box.left || box.bottom <= other.top || other.bottom <= box.top;
            expect(apart).toBe(true);
          }
        }
      }
    }
    expect(manyEdits(3, 40, ["adjust"], { heldOut: "only" }).every(({ target }) => isHeldOut(target))).toBe(true);
  });

  it("adds exactly what is asked for, where it is asked for", () => {
    for (const { source, target, instruction } of manyEdits(4, 150, ["add"])) {
      expect(target.objects.slice(0, -1)).toEqual(source.objects);
      expect(target.background).toEqual(source.background);
      const added = target.objects[target.objects.length - 1];
      expect(instruction).toContain(added.color === null ? added.name : `${added.color} ${added.name}`);
      const anchored = /(left of|right of|above|below) the (.+)\.$/.exec(instruction);
      expect(anchored === null).toBe(source.objects.length === 0);
      if (anchored === null) continue;
      const anchor = source.objects.find((o) => [o.name, `${o.color} ${o.name}`].includes(anchored[2]))!;
      expect(relationsBetween(boxOf(added), boxOf(anchor))).toContain(anchored[1]);
    }
  });

  it("removes exactly what is named", () => {
    for (const { source, target, instruction } of manyEdits(5, 150, ["remove"])) {
      const gone = source.objects.filter((object) => !target.objects.some((kept) => kept.name === object.name));
      expect(gone.length).toBe(1);
      expect(instruction.endsWith(`${gone[0].name}.`)).toBe(true);
      expect(target.objects).toEqual(source.objects.filter((object) => object !== gone[0]));
      expect(target.background).toEqual(source.background);
    }
  });

  it("replaces one object by another that stands in its place", () => {
    for (const edit of manyEdits(6, 150, ["replace"])) {
      const [index, ...more] = changed(edit);
      expect(more).toEqual([]);
      const [before, after] = [edit.source.objects[index], edit.target.objects[index]];
      expect(after.name).not.toBe(before.name);
      expect([after.size, after.x]).toEqual([before.size, before.x]);
      expect(boxOf(after).bottom).toBeCloseTo(boxOf(before).bottom);
      expect(edit.instruction).toContain(before.name);
      expect(edit.instruction).toContain(after.name);
    }
  });

  it("adjusts the colour, or the size, of one object", () => {
    for (const edit of manyEdits(7, 150, ["adjust"])) {
      const [index, ...more] = changed(edit);
      expect(more).toEqual([]);
      const [before, after] = [edit.source.objects[index], edit.target.objects[index]];
      if (before.size === after.size) {
        expect(fields(before, after)).toEqual(["color"]);
        expect(edit.instruction).toMatch(new RegExp(`\\b${after.color}\\.$`));
      } else {
        expect(fields(before, after)).toEqual(["size", "y"]);
        expect(boxOf(after).bottom).toBeCloseTo(boxOf(before).bottom);
        expect(/bigger|larger/.test(edit.instruction)).toBe(after.size > before.size);
      }
      expect(edit.target.background).toEqual(edit.source.background);
    }
    const colorOnly = manyEdits(8, 60, ["adjust"], { adjust: "color" });
    expect(colorOnly.every(({ instruction }) => !/bigger|larger|smaller/.test(instruction))).toBe(true);
  });

  it("extracts one object, as it is, onto white", () => {
    for (const { source, target, instruction } of manyEdits(9, 80, ["extract"])) {
      expect(target.objects.length).toBe(1);
      expect(source.objects).toContainEqual(target.objects[0]);
      expect(target.background).toEqual({ kind: "plain", color: "white" });
      expect(instruction).toContain(target.objects[0].name);
    }
  });

  it("changes nothing but the background", () => {
    for (const edit of manyEdits(10, 150, ["background"])) {
      expect(changed(edit)).toEqual([]);
      expect(backgroundScenery(edit.target.background)).not.toBe(backgroundScenery(edit.source.background));
      const { horizon } = edit.target.background;
      if (horizon === undefined) continue;
      for (const object of edit.target.objects) expect(boxOf(object).bottom).toBeGreaterThan(horizon);
    }
  });

  it("changes nothing but the style", () => {
    const edits = manyEdits(11, 150, ["style"]);
    for (const edit of edits) {
      expect(edit.target.background).toEqual(edit.source.background);
      if (edit.target.filter !== undefined) {
        expect(changed(edit)).toEqual([]);
        continue;
      }
      for (const [index, object] of edit.target.objects.entries()) {
        expect(edit.instruction).toContain(object.style);
        expect(object.style).not.toBe(edit.source.objects[index].style);
        expect(["icon", "style", "y"]).toEqual(expect.arrayContaining(fields(object, edit.source.objects[index])));
      }
    }
    expect(new Set(edits.map(({ target }) => target.filter ?? "redraw")).size).toBe(7);
  });

  it("does both things a hybrid instruction asks for", () => {
    for (const { source, target, instruction } of manyEdits(12, 150, ["hybrid"])) {
      const [before, after] = [source.objects[0], target.objects[0]];
      expect(fields(before, after)).toEqual(["color"]);
      expect(instruction).toContain(` to ${after.color} and `);
      const removed = target.objects.length < source.objects.length;
      const replaced = !removed && source.objects[1]?.name !== target.objects[1]?.name;
      const moved = backgroundScenery(source.background) !== backgroundScenery(target.background);
      expect([removed, replaced, moved].filter(Boolean).length).toBe(1);
      expect([
        instruction.includes("and remove "),
        instruction.includes("and replace "),
        instruction.includes("and put "),
      ]).toEqual([removed, replaced, moved]);
    }
  });

  it("does any two things that an instruction asks for, where pairs are asked for", () => {
    const seen = new Set<string>();
    for (const edit of manyEdits(15, 400, ["hybrid"], { pairs: true })) {
      const { source, target, instruction, placement } = edit;
      const { things, fresh, beside, restStays } = knownChanges(edit);
      const kinds = things.flatMap(({ goes, color, scale }) => {
        if (goes) return [/\b(replace|turn) /i.test(instruction) ? "replace" : "remove"];
        return [...(color ? ["color"] : []), ...(scale === 1 ? [] : ["size"])];
      });
      // Something that goes and something that is replaced are both gone.
      if (fresh && placement === undefined && things.every(({ goes }) => goes) && things.length === 2)
        kinds[1] = "remove";
      if (placement) kinds.push("add");
      if (!restStays) kinds.push("background");
      expect([instruction, kinds.length]).toEqual([instruction, 2]);
      expect(beside?.object.name).toBe(placement?.anchor);
      expect(fresh === undefined).toBe(!kinds.includes("add") && !kinds.includes("replace"));
      expect(target.objects.length).toBeGreaterThan(0);
      expect(JSON.stringify(source.background) === JSON.stringify(target.background)).toBe(restStays);
      expect(instruction).toMatch(/^[A-Z][^.]* and [^.]*\.$/);
      seen.add(kinds.sort().join(" and "));
    }
    expect(seen.size).toBeGreaterThan(12);
  });

  it("changes only what one object does", () => {
    for (const edit of manyEdits(13, 150, ["action"])) {
      const [index, ...more] = changed(edit);
      expect(more).toEqual([]);
      const differing = fields(edit.source.objects[index], edit.target.objects[index]).join();
      expect(["flip", "lift,y", "icon", "icon,y"]).toContain(differing);
      if (differing === "flip") expect(edit.instruction).toMatch(/the other way|around/);
      if (differing === "lift,y") expect(edit.instruction).toContain("jump");
    }
  });

  it("follows the options", () => {
    const easy: EditOptions = {
      objects: ["car", "dog"],
      styles: ["emoji"],
      backgrounds: ["plain", "grass"],
      mostObjects: 1,
    };
    for (const { source, target } of manyEdits(14, 120, ["add", "remove", "adjust", "background", "hybrid"], easy)) {
      for (const scene of [source, target]) {
        expect(scene.objects.length).toBeLessThanOrEqual(1);
        for (const { name, style } of scene.objects) expect(["car emoji", "dog emoji"]).toContain(`${name} ${style}`);
        expect(["plain", "grass"]).toContain(scene.background.kind);
      }
    }
    expect(() => planEdit(new Random(1), { types: ["paint" as EditType] })).toThrow(/"paint"/);
    expect(() => planEdit(new Random(1), { mostObjects: 9 })).toThrow(/1, 2, 3 or 4/);
  });
});
