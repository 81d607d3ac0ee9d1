import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type EditOptions, type Picture, UniPic } from "../../src/index.ts";
import { noisePicture } from "../helpers/noise-picture.ts";
import { tinySeeingConfig, writeTinyModel } from "../helpers/tiny-model.ts";

const source = noisePicture(1);

/** Mean difference of two pictures, in levels. */
const apart = (a: Picture, b: Picture): number =>
  a.data.reduce((sum, level, i) => sum + Math.abs(level - b.data[i]), 0) / a.data.length;

/** The same models, one with its gates open and one with them closed. */
describe("a model that is shown the source of an edit", () => {
  let folder: string;
  const models: UniPic[] = [];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "unipic-"));
    for (const [name, bias] of [
      ["open", 50],
      ["closed", -50],
    ] as const) {
      const fill = {
        "mar.diffloss.net.final_layer.copy.weight": 0,
        "mar.diffloss.net.final_layer.copy.bias": bias,
        // Nothing is changed before it is copied.
        "mar.source_change.linear.weight": 0,
        "mar.source_change.linear.bias": 0,
      };
      await writeTinyModel(join(folder, name), { config: tinySeeingConfig, fill });
      models.push(await UniPic.load(join(folder, name), { threads: 1 }));
    }
  });

  afterAll(async () => {
    for (const model of models) await model.release();
    await rm(folder, { recursive: true, force: true });
  });

  const edits = (instruction: string, options: EditOptions) =>
    Promise.all(models.map(async (model) => (await model.edit(source, instruction, { steps: 8, ...options }))[0]));

  it.each([
    ["as it is", {}],
    ["guided", { guidance: 2 }],
    ["with caches", { guidance: 2, tokenCache: 0.5, conditionCache: true }],
    ["by a deterministic sampler", { sampler: "dpm++" }],
  ] satisfies [string, EditOptions][])(
    "copies it whatever seed and instruction where its gates are open, %s",
    async (_, options) => {
      const [open, closed] = await edits("make it red", { seed: 3, ...options });
      const [again, other] = await edits("a blue dog", { seed: 4, ...options });
      expect(apart(open, again)).toBeLessThan(apart(closed, other) / 3);
    },
  );

  it("draws from words alike with both: there is nothing to copy", async () => {
    const [open, closed] = await Promise.all(models.map((model) => model.generate("a red car", { seed: 3, steps: 3 })));
    expect(open[0].data).toEqual(closed[0].data);
  });
});
