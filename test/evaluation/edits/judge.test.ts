import { describe, expect, it } from "vitest";
import { EDIT_TYPES, type Edit, type EditType, planEdit, type Scene } from "../../../src/data/index.ts";
import { judgeEdit } from "../../../src/evaluation/edits/judge.ts";
import { drawPictures } from "../../../src/evaluation/renders.ts";
import { sightingOf } from "../../../src/evaluation/sighting.ts";
import { Random } from "../../../src/random.ts";

const draw = (scene: Scene) => drawPictures([scene], 64)[0];

/** The verdict on a result that shows a scene, by a reader without error. */
const verdict = (edit: Edit, shown: Scene) => judgeEdit(edit, draw(shown), sightingOf(shown), draw);

function edits(type: EditType, count: number): Edit[] {
  const random = new Random(12);
  return Array.from({ length: count }, () => planEdit(random, { types: [type], heldOut: "any" }));
}

describe.each(EDIT_TYPES)("edits of the type %s", (type) => {
  it("are right where the result is the target, and wrong where nothing was done", () => {
    for (const edit of edits(type, 12)) {
      const right = verdict(edit, edit.target);
      expect(right, edit.instruction).toMatchObject({ isRight: true, isKept: true, distance: 0 });
      const untouched = verdict(edit, edit.source);
      expect(untouched.isRight, edit.instruction).toBe(false);
      expect(untouched.fault, edit.instruction).toBeDefined();
      if (type !== "style") expect(untouched.isKept).toBe(true);
    }
  });
});

describe("an edit that does too much", () => {
  it("is wrong where another object is gone, though what was asked is there", () => {
    let [seen, caught] = [0, 0];
    for (const edit of [...edits("adjust", 40), ...edits("replace", 40)]) {
      const bystander = edit.target.objects.findIndex(
        (object, i) => JSON.stringify(object) === JSON.stringify(edit.source.objects[i]),
      );
      if (bystander < 0) continue;
      const poorer = { ...edit.target, objects: edit.target.objects.filter((_, i) => i !== bystander) };
      const { isKept, isRight, fault } = verdict(edit, poorer);
      expect(fault, edit.instruction).toBeUndefined();
      expect(isRight).toBe(isKept);
      seen++;
      if (!isKept) caught++;
    }
    // A thin thing before a ground of nearly its own colour is hardly missed: 2 of 107 were.
    expect(seen).toBeGreaterThan(30);
    expect(caught / seen).toBeGreaterThan(0.92);
  });

  it("is wrong where the background is another", () => {
    for (const edit of edits("remove", 12)) {
      const kind = edit.source.background.kind === "night" ? "plain" : "night";
      const elsewhere = { ...edit.target, background: { kind, color: "white", horizon: 0.6 } as Scene["background"] };
      expect(verdict(edit, elsewhere)).toMatchObject({ isRight: false, isKept: false });
    }
  });
});

describe("an edit that does something else", () => {
  const faults = (type: EditType, wrong: (edit: Edit) => Scene): Set<boolean> =>
    new Set(edits(type, 12).map((edit) => verdict(edit, wrong(edit)).fault === undefined));

  it("is wrong where the colour is another one", () => {
    const wrong = ({ source, target }: Edit): Scene => ({
      ...target,
      objects: target.objects.map((object, i) =>
        object.color === source.objects[i].color && object.size === source.objects[i].size
          ? object
          : { ...object, size: source.objects[i].size, color: object.color === "red" ? "blue" : "red" },
      ),
    });
    expect(faults("adjust", wrong)).toEqual(new Set([false]));
  });

  it("is wrong where something else was added, removed or put in its place", () => {
    const renamed = ({ source, target }: Edit): Scene => ({
      ...target,
      objects: target.objects.map((object) =>
        source.objects.some(({ name }) => name === object.name) ? object : { ...object, name: "something else" },
      ),
    });
    expect(faults("add", renamed)).toEqual(new Set([false]));
    expect(faults("replace", renamed)).toEqual(new Set([false]));
  });

  it("is wrong where the look is another one", () => {
    expect(
      faults("style", ({ source, target }) => ({
        ...source,
        filter: target.filter === "sepia" ? "black and white" : "sepia",
      })),
    ).toEqual(new Set([false]));
  });

  it("is wrong where something was added at another place", () => {
    let seen = 0;
    for (const edit of edits("add", 30)) {
      if (edit.placement === undefined) continue;
      seen++;
      const added = edit.target.objects.at(-1)!;
      // Where everything else is, so that no relation holds.
      const anchor = edit.target.objects.find(({ name }) => name === edit.placement!.anchor)!;
      const onTop = { ...added, x: anchor.x, y: anchor.y };
      const wrong = { ...edit.target, objects: [...edit.target.objects.slice(0, -1), onTop] };
      expect(verdict(edit, wrong).fault).toMatch(/ not (left|right|above|below)/);
    }
    expect(seen).toBeGreaterThan(5);
  });
});
