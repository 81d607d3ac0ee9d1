import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type EditOptions, type Picture, UniPic } from "../../src/index.ts";
import { conditionWidth } from "../../src/models/copying.ts";
import { ToldConditions } from "../../src/pipeline/kept-pixels.ts";
import { hostArray } from "../../src/tensor/dtype.ts";
import { noisePicture } from "../helpers/noise-picture.ts";
import { tinyKeepingConfig, tinySeeingConfig, writeTinyModel } from "../helpers/tiny-model.ts";

const source = noisePicture(1);

const SURE = 200;
const names = (layers: readonly string[]) =>
  Object.fromEntries(layers.map((layer) => [`mar.source_pixels.${layer}`, 0]));
/** Nothing is painted anew, and what is chosen does not depend on the picture. */
const said = names([
  ...["paint.whole.weight", "paint.whole.bias", "paint.pixel.4.weight", "paint.pixel.4.bias"],
  ...["choose.whole.weight", "choose.pixel.4.weight"],
]);
/** The same model with another word on what stays of a source: all, nothing, or something. */
const MODELS: Record<"keeps" | "leaves" | "mixes", Record<string, number>> = {
  keeps: { ...said, "mar.source_pixels.choose.whole.bias": SURE },
  leaves: { ...said, "mar.source_pixels.choose.whole.bias": -SURE },
  mixes: {},
};
type Name = keyof typeof MODELS | "draws";

describe("a model that puts edits together of pixels", () => {
  let folder: string;
  const models = {} as Record<Name, UniPic>;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "unipic-"));
    for (const [name, fill] of Object.entries({ ...MODELS, draws: {} })) {
      const own = join(folder, name);
      await writeTinyModel(own, { config: tinyKeepingConfig, fill });
      // The same weights, of which it does not use some.
      if (name === "draws") await writeFile(join(own, "config.json"), JSON.stringify(tinySeeingConfig));
      models[name as Name] = await UniPic.load(own, { threads: 1 });
    }
  });

  afterAll(async () => {
    for (const model of Object.values(models)) await model.release();
    await rm(folder, { recursive: true, force: true });
  });

  const edit = (name: Name, options: EditOptions = {}): Promise<Picture[]> =>
    models[name].edit(source, "make it red", { seed: 3, steps: 4, ...options });

  it("gives back the source, byte for byte, where it is sure that all of it stays", async () => {
    expect((await edit("keeps"))[0].data).toEqual(source.data);
    expect((await edit("keeps", { guidance: 2, tokenCache: 0.5, conditionCache: true }))[0].data).toEqual(source.data);
  });

  it("gives what was drawn where it is sure that nothing stays", async () => {
    expect((await edit("leaves"))[0].data).toEqual((await edit("draws"))[0].data);
  });

  it("tells for every picture of several what stays of it", async () => {
    const together = await edit("mixes", { count: 2, guidance: 2 });
    const [alone] = await edit("mixes", { seed: 4, guidance: 2 });
    expect(together[1].data).toEqual(alone.data);
    expect(together[0].data).not.toEqual(together[1].data);
  });

  it("keeps nothing of pictures that are drawn from words", async () => {
    const [one, other] = await Promise.all(
      (["keeps", "leaves"] as const).map((name) => models[name].generate("a red car", { seed: 3, steps: 3 })),
    );
    expect(one[0].data).toEqual(other[0].data);
  });
});

it("gathers conditions by picture and place, without those of a guided round's twins", async () => {
  const { mar } = tinyKeepingConfig;
  const width = conditionWidth(mar);
  const rows = (...values: number[]) =>
    hostArray(
      "float32",
      [values.length, width],
      values.flatMap((value) => new Array(width).fill(value)),
    );
  const told = new ToldConditions(mar, 2, 2);
  await told.add(rows(1, 2, -1, -2), [Int32Array.of(1), Int32Array.of(0)]);
  await told.add(rows(3, 4), [Int32Array.of(0), Int32Array.of(1)]);
  expect(told.of(0)).toEqual(rows(3, 1));
  expect(told.of(1)).toEqual(rows(2, 4));
});
