import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { UserError } from "../../src/errors.ts";
import { readTrainConfig } from "../../src/training/read-train-config.ts";

const stage = (name: string) => ({ name, steps: 10, batch: { generation: 4 }, learningRate: 1e-3 });

describe("readTrainConfig", () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "unipic-"));
    await write("first.json", {
      seed: 4,
      tokenizer: { samples: 7 },
      vae: { steps: 3 },
      scenes: { styles: ["emoji"] },
      stages: [stage("one"), { like: "one", name: "two", steps: 20 }],
    });
    await write("second.json", { seed: 5, scenes: { styles: ["flat"] }, stages: [stage("one")] });
    await write("large.json", { model: "unipic-1.5b", stages: [stage("large")] });
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  async function write(name: string, json: object): Promise<string> {
    const path = join(folder, name);
    await writeFile(path, JSON.stringify(json));
    return path;
  }
  const refused = async (json: object, message: RegExp) => {
    const reading = readTrainConfig(await write("refused.json", json));
    await expect(reading).rejects.toThrow(UserError);
    await expect(reading).rejects.toThrow(message);
  };

  it("reads a file of stages", async () => {
    const plan = await readTrainConfig(join(folder, "first.json"));
    expect(plan.stages.map(({ name, steps }) => [name, steps])).toEqual([
      ["one", 10],
      ["two", 20],
    ]);
  });

  it("has stages of several files one after another, each as its file has it, after what the first one prepares", async () => {
    const path = await write("all.json", { seed: 9, scoreTasks: 6, files: ["first.json", "second.json"] });
    const [all, first, second] = await Promise.all(
      [path, join(folder, "first.json"), join(folder, "second.json")].map(readTrainConfig),
    );
    expect(all.stages).toEqual([...first.stages, ...second.stages]);
    expect(all.stages.map(({ scenes }) => scenes.styles)).toEqual([["emoji"], ["emoji"], ["flat"]]);
    expect([all.seed, all.scoreTasks, all.checkpointEvery]).toEqual([9, 6, 500]);
    expect([all.model, all.tokenizer, all.vae]).toEqual([first.model, first.tokenizer, first.vae]);
  });

  it("has the whole recipe of the default model in one file", async () => {
    const config = (name: string) => readTrainConfig(join(import.meta.dirname, "../../configs", name));
    const parts = await Promise.all(["unipic-mini.json", "unipic-mini-2.json", "unipic-mini-places.json"].map(config));
    expect((await config("unipic-mini-all.json")).stages).toEqual(parts.flatMap(({ stages }) => stages));
  });

  it("says what is wrong with a list of files", async () => {
    await refused({ files: [] }, /"files" must be a list of training files, such as/);
    await refused({ files: ["first.json", 3] }, /"files" must be a list of training files/);
    await refused({ files: ["first.json"], stages: [stage("own")] }, /unknown entry "stages"/);
    await refused(
      { files: ["first.json", "large.json"] },
      /"large.json" trains a model of other sizes than "first.json"/,
    );
    await refused({ files: ["first.json"], seed: -1 }, /"seed" must be a number of at least 0/);
    await refused({ files: ["nothing.json"] }, /nothing\.json/);
    await write("nested.json", { files: ["first.json"] });
    await refused({ files: ["nested.json"] }, /names files itself/);
  });
});
