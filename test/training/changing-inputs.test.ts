import { describe, expect, it } from "vitest";
import { backdropFor, boxOf, drawScene, knownChanges, planEdit } from "../../src/data/index.ts";
import { CHANGE_NUMBERS, CHANGES_KNOWN, type ChangeNumber } from "../../src/models/changing.ts";
import { sourceFeatures } from "../../src/models/config.ts";
import { POSE_SIDE } from "../../src/models/posing.ts";
import { Random } from "../../src/random.ts";
import { BACKDROPS, editPrompt } from "../../src/text/prompts.ts";
import { changingInputs } from "../../src/training/changing-inputs.ts";
import { tinyPlan } from "./tiny-plan.ts";
import { tinyTokenizer } from "./tiny-tokenizer.ts";

const { model } = tinyPlan(1);
const tokenizer = tinyTokenizer("Remove the red car.", "Change the color of the dog to blue.");
const COUNT = 30;
const options = { types: ["remove", "adjust", "hybrid", "extract", "action", "add", "replace"] } as const;
const inputs = changingInputs(model, tokenizer, COUNT, options, new Random(6));
const again = new Random(6);
const edits = Array.from({ length: COUNT }, () => planEdit(again, options));
const [, length] = inputs.ids.shape;
const side = model.mar.img_size;
const numbers = (name: string, row: number, size: number) =>
  Array.from((inputs[name].data as Float32Array).slice(row * size, (row + 1) * size));
/** The text of a prompt's tokens that are marked. */
const marked = (row: number, isMarked: (at: number) => boolean) => {
  const ids = Array.from(inputs.ids.data as BigInt64Array, Number).slice(row * length, (row + 1) * length);
  return tokenizer.decode(ids.filter((_, at) => isMarked(at)));
};

describe("changingInputs", () => {
  it("say of every token what it names and what becomes of that", () => {
    edits.forEach((edit, row) => {
      const { things, fresh, beside, restStays } = knownChanges(edit);
      const known = numbers("known", row, length * CHANGES_KNOWN);
      const of = (at: number) => known.slice(at * CHANGES_KNOWN, (at + 1) * CHANGES_KNOWN);
      const own = tokenizer.encode(editPrompt(edit.instruction, sourceFeatures(model))).length;
      expect(Array.from({ length }, (_, at) => of(at)[0])).toEqual(
        Array.from({ length }, (_, at) => (at < own ? 1 : 0)),
      );
      const said = (is: Partial<Record<ChangeNumber, boolean | number>>) => {
        const wanted = [1, ...CHANGE_NUMBERS.map((name) => Math.fround(Number(is[name] ?? 0)))].join();
        return marked(row, (at) => of(at).join() === wanted);
      };
      for (const { object, goes, alone, color, mirrors, posed, scale, lift } of things) {
        const amounts = { logScale: Math.log(scale), lift };
        const flags = { goes, alone, recolors: color !== undefined, mirrors, poses: posed !== undefined, restStays };
        expect(said({ isThing: true, ...flags, ...amounts })).toContain(object.name);
        if (color) expect(said({ isColor: true }).trim()).toBe(color.name);
      }
      if (fresh) {
        const onFirst = backdropFor(fresh.object) === BACKDROPS[0];
        expect(said({ isNew: true, onFirst, restStays })).toContain(fresh.object.name);
      }
      if (beside) expect(said({ isBeside: true })).toContain(beside.object.name);
    });
  });

  it("have where something new goes that takes nothing's place, and what it is put beside", () => {
    const placed = edits.flatMap((edit, row) => {
      const { things, fresh } = knownChanges(edit);
      const isPlaced = fresh !== undefined && things.length === 0;
      expect(numbers("is_placed", row, 1)).toEqual([isPlaced ? 1 : 0]);
      const { left, top, right, bottom } = isPlaced ? boxOf(fresh.object) : { left: 0, top: 0, right: 0, bottom: 0 };
      expect(numbers("box", row, 4)).toEqual([left, top, right, bottom].map(Math.fround));
      return isPlaced ? [edit.type] : [];
    });
    expect(new Set(placed)).toEqual(new Set(["add"]));
  });

  it("have one of the things that change, with its words, its color, and where it is", () => {
    edits.forEach((edit, row) => {
      const thing = numbers("thing", row, length);
      const words = marked(row, (at) => thing[at] === 1).trim();
      const { things, beside } = knownChanges(edit);
      const chosen = things.find(({ from, to }) => edit.instruction.slice(from, to) === words);
      const sought = chosen ?? beside;
      expect(numbers("is_there", row, 1)).toEqual([sought ? 1 : 0]);
      expect(numbers("is_painted", row, 1)).toEqual([chosen?.color ? 1 : 0]);
      expect(numbers("is_posed", row, 1)).toEqual([chosen?.posed ? 1 : 0]);
      const color = numbers("color", row, length);
      expect(marked(row, (at) => color[at] === 1).trim()).toBe(chosen?.color?.name ?? "");
      expect(edit.instruction.slice(sought?.from, sought?.to)).toContain(words);
      if (!sought) return;

      const [own, touched] = [numbers("truth", row, 2 * side * side), numbers("truth", row, 2 * side * side)];
      own.length = side * side;
      touched.splice(0, side * side);
      const { left, top, right, bottom } = boxOf(sought.object);
      const inside = own.map((_, pixel) => {
        const [x, y] = [((pixel % side) + 0.5) / side, (Math.floor(pixel / side) + 0.5) / side];
        return x > left - 1 / side && x < right + 1 / side && y > top - 1 / side && y < bottom + 1 / side;
      });
      own.forEach((share, pixel) => {
        expect(share).toBeGreaterThanOrEqual(-1e-6);
        expect(share).toBeLessThanOrEqual(1 + 1e-6);
        if (!inside[pixel]) expect(share).toBeCloseTo(0, 5);
      });
      expect(own.filter((share) => share > 0.5).length).toBeGreaterThan(5);
      // What is removed without a trace: outside of it nothing differs.
      const objects = edit.source.objects.filter((object) => object !== sought.object);
      const without = drawScene({ ...edit.source, objects }, side);
      const source = numbers("source", row, 3 * side * side);
      touched.forEach((is, pixel) => {
        const level = Math.round((source[pixel] + 1) * 127.5);
        if (is === 0) expect(Math.abs(level - without[pixel * 3])).toBeLessThanOrEqual(3);
      });
    });
  });

  it("have the other pose by itself, filling its square from the bottom", () => {
    const area = POSE_SIDE ** 2;
    const posed = edits.flatMap((edit, row) => (knownChanges(edit).things[0]?.posed ? [row] : []));
    expect(posed.length).toBeGreaterThan(0);
    edits.forEach((_, row) => {
      const outline = numbers("outline", row, area);
      if (!posed.includes(row)) {
        expect(outline.every((share) => share === 0)).toBe(true);
        return;
      }
      const covered = outline.flatMap((share, pixel) => (share > 0.5 ? [pixel] : []));
      const [rows, columns] = [
        covered.map((pixel) => Math.floor(pixel / POSE_SIDE)),
        covered.map((p) => p % POSE_SIDE),
      ];
      const extent = (places: number[]) => Math.max(...places) - Math.min(...places) + 1;
      expect(Math.max(...rows)).toBeGreaterThanOrEqual(POSE_SIDE - 2);
      expect(Math.max(extent(rows), extent(columns))).toBeGreaterThanOrEqual(POSE_SIDE - 3);
    });
  });

  it("show the background alone, and the target", () => {
    edits.forEach((edit, row) => {
      const bytes = (name: string) =>
        numbers(name, row, 3 * side * side).map((value) => Math.round((value + 1) * 127.5));
      const planes = (scene: typeof edit.source) => {
        const drawn = drawScene(scene, side);
        return [0, 1, 2].flatMap((channel) => Array.from(drawn).filter((_, i) => i % 3 === channel));
      };
      expect(bytes("background")).toEqual(planes({ ...edit.source, objects: [] }));
      expect(bytes("target")).toEqual(planes(edit.target));
    });
  });
});
