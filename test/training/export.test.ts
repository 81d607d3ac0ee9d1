import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { UniPic } from "../../src/index.ts";
import { allParameters } from "../../src/models/all-parameters.ts";
import { Random } from "../../src/random.ts";
import { trainTokenizer } from "../../src/text/train-tokenizer.ts";
import { exportModel } from "../../src/training/export.ts";
import { initialize } from "../../src/training/parameters.ts";
import { noisePicture } from "../helpers/noise-picture.ts";
import { tinyChangingConfig } from "../helpers/tiny-model.ts";

const config = { ...tinyChangingConfig, layouts: true };
const weights = new Map(initialize(allParameters(config), new Random(1)));
const text = "a red car on the grass";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "unipic-export-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Exports the weights of some beginnings left out, and gives what the folder's configuration says of them. */
async function exported(name: string, ...leaveOut: string[]): Promise<unknown[]> {
  const left = new Map([...weights].filter(([weight]) => !leaveOut.some((beginning) => weight.startsWith(beginning))));
  const { tokenizer, config: tokenizerConfig } = trainTokenizer([text], { vocabularySize: 320 });
  await exportModel(join(folder, name), left, { config, tokenizer, tokenizerConfig, vae: new Map() });
  const { editing_vision, layouts, changes } = JSON.parse(await readFile(join(folder, name, "config.json"), "utf8"));
  return [editing_vision, layouts, changes];
}

it("leaves out of the configuration what no stage has taught yet", async () => {
  expect(await exported("whole")).toEqual([true, true, true]);
  expect(await exported("early", "siglip2", "layout.", "changes.")).toEqual([false, false, false]);
  expect(await exported("seeing", "layout.", "changes.")).toEqual([true, false, false]);
});

it("writes a model that draws and edits before the rest is learned", async () => {
  await exported("drawing", "siglip2", "layout.", "changes.");
  const model = await UniPic.load(join(folder, "drawing"), { threads: 1 });
  const settings = { seed: 1, rounds: 1, steps: 1 };
  expect(await model.generate(text, settings)).toHaveLength(1);
  expect(await model.edit(noisePicture(1), text, settings)).toHaveLength(1);
  await model.release();
});
