import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { memoryWeights, parseConfig, parseSafetensors, Tokenizer, UniPic, UserError } from "../../src/index.ts";
import { nodeEngine } from "../../src/runtime/node.ts";
import { writeTinyModel } from "../helpers/tiny-model.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "unipic-weights-"));
  await writeTinyModel(folder);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const json = async (name: string) => JSON.parse(await readFile(join(folder, name), "utf8"));

/** The model as a page puts it together, from bytes alone. */
async function fromBytes(leaveOut?: string): Promise<UniPic> {
  const { tensors } = parseSafetensors(new Uint8Array(await readFile(join(folder, "model.safetensors"))));
  if (leaveOut) tensors.delete(leaveOut);
  return new UniPic({
    config: parseConfig(await json("config.json")),
    tokenizer: new Tokenizer(await json("tokenizer.json"), await json("tokenizer_config.json")),
    weights: memoryWeights(tensors),
    engine: nodeEngine,
    engineOptions: { device: "cpu", threads: 1 },
  });
}

describe("memoryWeights", () => {
  it("draws the same picture as weights read from the folder", async () => {
    const models = [await UniPic.load(folder, { threads: 1 }), await fromBytes()];
    const options = { seed: 4, steps: 3 };
    const [read, held] = await Promise.all(models.map((model) => model.generate("a red car", options)));
    expect(held).toEqual(read);
    await Promise.all(models.map((model) => model.release()));
  });

  it("names a weight that is missing", async () => {
    const model = await fromBytes("mar.mask_token");
    await expect(model.generate("a red car", { steps: 1 })).rejects.toThrow(UserError);
    await expect(model.generate("a red car", { steps: 1 })).rejects.toThrow("mar.mask_token");
  });
});
