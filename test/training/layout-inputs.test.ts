import { describe, expect, it } from "vitest";
import { boxOf, tellScene } from "../../src/data/index.ts";
import { Random } from "../../src/random.ts";
import { generationPrompt } from "../../src/text/prompts.ts";
import { layoutInputs } from "../../src/training/layout-inputs.ts";
import { tinyPlan } from "./tiny-plan.ts";
import { tinyTokenizer } from "./tiny-tokenizer.ts";

const { model } = tinyPlan(1);
const tokenizer = tinyTokenizer("There is a large red car on the left.", "There is a small dog at the top.");
const COUNT = 12;
const inputs = layoutInputs(model, tokenizer, COUNT, {}, new Random(5));
const again = new Random(5);
const told = Array.from({ length: COUNT }, () => tellScene(again, {}));
const [, length] = inputs.ids.shape;
const numbers = (name: string) => Array.from(inputs[name].data as Float32Array);
/** What is known of a token. */
const known = (row: number, at: number) => numbers("known").slice((row * length + at) * 8, (row * length + at + 1) * 8);

describe("layoutInputs", () => {
  it("have the prompts, and of their own tokens alone that these are known", () => {
    told.forEach(({ text }, row) => {
      const ids = tokenizer.encode(generationPrompt(text));
      const given = Array.from(inputs.ids.data as BigInt64Array, Number).slice(row * length, (row + 1) * length);
      expect(given.slice(0, ids.length)).toEqual(ids);
      const own = given.map((_, at) => known(row, at)[0]);
      expect(own).toEqual(given.map((_, at) => (at < ids.length ? 1 : 0)));
    });
  });

  it("mark the words of every thing, with the box that it has where the text tells its place", () => {
    let placed = 0;
    told.forEach(({ text, things, isPlaced }, row) => {
      const ids = tokenizer.encode(generationPrompt(text));
      // Several of a kind have the same words, and the box of the first.
      const apart = things.filter(({ from }, i) => things.findIndex((other) => other.from === from) === i);
      for (const { object, from, to } of apart) {
        const box = boxOf(object);
        const edges = [box.left, box.top, box.right, box.bottom].map(Math.fround);
        const marked = ids.filter((_, at) => known(row, at).slice(4).join() === edges.join());
        expect(tokenizer.decode(marked)).toContain(text.slice(from, to).trim());
        placed += isPlaced ? 1 : 0;
      }
      const marks = ids.map((_, at) => known(row, at));
      for (const [, isThing, , hasPlace] of marks) expect(hasPlace).toBe(isPlaced ? isThing : 0);
      expect(marks.some(([, isThing]) => isThing === 1)).toBe(things.length > 0);
    });
    expect(placed).toBeGreaterThan(20);
  });

  it("show every scene with its things, and its background without them", () => {
    const { img_size: side } = model.mar;
    const [scenes, backgrounds] = [numbers("pixels"), numbers("background")];
    expect(inputs.pixels.shape).toEqual([COUNT, 3, side, side]);
    told.forEach(({ scene }, row) => {
      const outside = Array.from({ length: side * side }, (_, pixel) => pixel).filter((pixel) => {
        const [x, y] = [((pixel % side) + 0.5) / side, (Math.floor(pixel / side) + 0.5) / side];
        // Shadows reach a little further.
        return scene.objects.every((object) => {
          const { left, top, right, bottom } = boxOf(object);
          return x < left - 0.1 || x > right + 0.1 || y < top - 0.1 || y > bottom + 0.1 + (object.lift ?? 0);
        });
      });
      const at = (pixel: number) => row * 3 * side * side + pixel;
      for (const pixel of outside) expect(backgrounds[at(pixel)]).toBe(scenes[at(pixel)]);
      const differing = Array.from({ length: side * side }, (_, pixel) => backgrounds[at(pixel)] !== scenes[at(pixel)]);
      expect(differing.some(Boolean)).toBe(true);
    });
  });
});
