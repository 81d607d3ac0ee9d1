import { describe, expect, it } from "vitest";
import { backdropFor, newThing, newThingWords, planEdit } from "../../src/data/index.ts";
import { Random } from "../../src/random.ts";
import { editPrompt, editTwin } from "../../src/text/prompts.ts";
import { namingInputs } from "../../src/training/naming-inputs.ts";
import { tinyTokenizer } from "./tiny-tokenizer.ts";
import { tinyModel } from "./train-edits.ts";

const placing = { ...tinyModel, mar: { ...tinyModel.mar, placed_pixels: true } };
const tokenizer = tinyTokenizer("Add a red car.", "Replace the bench with an orange.");
const edits = (["add", "replace", "remove"] as const).map((type) => planEdit(new Random(2), { types: [type] }));
const prompts = edits.map(({ instruction }) => editPrompt(instruction, 3));

describe("namingInputs", () => {
  it("are none where a model puts nothing in its place", () => {
    expect(namingInputs(tinyModel, tokenizer, prompts, edits)).toEqual({});
  });

  it("mark the tokens whose text is of the words that name what is new", () => {
    const { named } = namingInputs(placing, tokenizer, prompts, edits);
    const [count, length] = named.shape;
    expect(count).toBe(3);
    edits.forEach((edit, i) => {
      const ids = tokenizer.encode(prompts[i]);
      const marks = ids.map((_, at) =>
        Array.from(named.data as Float32Array).slice((i * length + at) * 3, (i * length + at) * 3 + 3),
      );
      expect(marks.every(([isKnown]) => isKnown === 1)).toBe(true);
      const marked = ids.filter((_, at) => marks[at][1] === 1);
      expect(tokenizer.decode(marked).trim()).toBe(newThingWords(edit)?.words ?? "");
      const thing = newThing(edit);
      const isTeal = thing !== undefined && backdropFor(thing) === "teal";
      for (const [, isNew, isFirst] of marks) expect(isFirst).toBe(isNew === 1 && isTeal ? 1 : 0);
      // What fills the row up is not known.
      const filled = (named.data as Float32Array).slice((i * length + ids.length) * 3, (i + 1) * length * 3);
      expect(filled.every((value) => value === 0)).toBe(true);
    });
  });

  it("know that a picture which is to be repeated brings nothing, and of others nothing", () => {
    const repeat = { ...edits[0], instruction: undefined, target: edits[0].source };
    const { named } = namingInputs(placing, tokenizer, [editTwin(3), editTwin(3)], [repeat, undefined]);
    const numbers = Array.from(named.data as Float32Array);
    const half = numbers.length / 2;
    expect(
      numbers
        .slice(0, half)
        .filter((_, i) => i % 3 === 0)
        .every((value) => value === 1),
    ).toBe(true);
    expect(numbers.filter((_, i) => i % 3 !== 0 || i >= half).every((value) => value === 0)).toBe(true);
  });
});
