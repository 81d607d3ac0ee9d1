import { expect, it } from "vitest";
import { boxOf, type Edit, newThing, planEdit } from "../../src/data/index.ts";
import { Scope } from "../../src/nn/scope.ts";
import { Random } from "../../src/random.ts";
import { traceDrawing } from "../../src/training/joint-program.ts";
import { placingInputs } from "../../src/training/placing-inputs.ts";
import { editing, tinyModel, trainEdits } from "./train-edits.ts";

const mar = { ...tinyModel.mar, source_tokens: true, source_pixels: true, placed_pixels: true };
const config = { ...tinyModel, mar };
const edit = (type: Edit["type"]): Edit => planEdit(new Random(1), { types: [type] });
const numbers = (array: { data: ArrayLike<number | bigint> }) => Array.from(array.data, Number);

it("is nothing where a model puts nothing in its place", () => {
  expect(placingInputs(tinyModel, [edit("add")])).toEqual({});
});

it("says where something new goes, and of other edits that nothing does", () => {
  const { box, is_new: isNew } = placingInputs(config, [edit("add"), edit("remove"), undefined]);
  expect([box.shape, isNew.shape]).toEqual([
    [3, 4],
    [3, 1],
  ]);
  expect(numbers(isNew)).toEqual([1, 0, 0]);
  const { left, top, right, bottom } = boxOf(newThing(edit("add"))!);
  [left, top, right, bottom, ...new Array(8).fill(0)].forEach((edge, i) => {
    expect(numbers(box)[i]).toBeCloseTo(edge, 6);
  });
});

it("teaches where things go and which words name them, beside the other losses", async () => {
  const options = { trains: "mar.source_pixels.", steps: 40, rate: 0.003, repeats: 0, types: ["replace"] as const };
  const steps = await trainEdits(config, options);
  for (const { total, diffusion, change, ...own } of steps) {
    const { keeping, painting, placing, naming } = own;
    expect(total).toBeCloseTo(diffusion + 0.5 * change + 0.2 * (keeping + painting + placing + naming), 4);
  }
  expect(steps[39].placing).toBeLessThan(0.5 * steps[0].placing);
  expect(steps[39].naming).toBeLessThan(0.5 * steps[0].naming);
});

it("has no such loss where nothing is put in its place", () => {
  const keeping = { ...config, mar: { ...mar, placed_pixels: false } };
  const { placing, naming } = traceDrawing(Scope.root(), keeping, "editing", editing);
  expect([placing, naming]).toEqual([undefined, undefined]);
});
