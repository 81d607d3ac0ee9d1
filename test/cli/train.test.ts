import { access, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { samplePrompts } from "../../src/cli/sample-sheet.ts";
import { readPicture } from "../../src/image/codec.ts";
import { UniPic } from "../../src/index.ts";
import type { StageConfig } from "../../src/training/stage.ts";
import { tinyWordedConfig } from "../helpers/tiny-model.ts";
import { sharedFolder, unipic } from "./run-cli.ts";

const place = await sharedFolder();

/** A run of one stage that learns next to nothing, quickly. */
const writeConfig = (name: string, steps: number, model: unknown = tinyWordedConfig) =>
  writeFile(
    join(place, name),
    JSON.stringify({
      model,
      tokenizer: { samples: 20, vocabularySize: 320 },
      vae: { steps: 2, batch: 2 },
      checkpointEvery: 100_000,
      scoreTasks: 2,
      stages: [{ name: "draw", steps, batch: { generation: 2 }, learningRate: 0.001 }],
    }),
  );

it("Ctrl-C saves, the same command goes on, and the end leaves a model and a sheet of samples", async () => {
  const args = ["train", "--config", "small.json", "--threads", "1"];
  await writeConfig("small.json", 100_000);
  const stopped = await unipic(place, args, { interruptAt: /draw \d+\/100000/ });
  expect(stopped.code).toBe(1);
  const sentence =
    /\nunipic: Stopped at step (\d+) of 100000 of the stage "draw" and saved in (\S+); run the same command/;
  expect(stopped.stderr).toMatch(sentence);
  const [, step, folder] = sentence.exec(stopped.stderr)!;
  expect(folder).toBe(join("runs", "small"));

  const so = await unipic(place, ["export", folder, "--output", "so-far"]);
  expect(so).toMatchObject({ code: 0, stderr: "" });
  expect(so.stdout).toBe(
    `Wrote so-far: the run after ${Number(step).toLocaleString("en")} steps, ${(Number(step) * 2).toLocaleString("en")} samples\n`,
  );
  const begun = await UniPic.load(join(place, "so-far"), { threads: 1 });
  expect(await begun.generate("a car", { steps: 2 })).toHaveLength(1);
  await begun.release();

  const last = Number(step) + 2;
  await writeConfig("small.json", last);
  const ended = await unipic(place, [...args, "--export", "mine"]);
  expect(ended.stderr).toContain(`draw ${last - 1}/${last}`);
  expect(ended.stderr).not.toContain("autoencoder");
  expect(ended).toMatchObject({ code: 0, stdout: `Trained: the run is in ${folder}, the model in mine\n` });
  const sheet = (await readdir(join(place, folder))).filter((name) => name.endsWith(".png"));
  expect(sheet).toEqual([`samples-${String(last).padStart(7, "0")}.png`]);
  expect((await readPicture(join(place, folder, sheet[0]))).width).toBe(1400);
  expect(ended.stderr).toMatch(
    /\nscores after step \d+: generation \S+ % {2}understanding \S+ % {2}editing \S+ %: \S+scores\.svg\n/,
  );
  expect(await readFile(join(place, folder, "scores.jsonl"), "utf8")).toContain(`"step":${last},`);
  await expect(access(join(place, folder, "sample-model"))).rejects.toThrow();
  const model = await UniPic.load(join(place, "mine"), { threads: 1 });
  expect(await model.generate("a car", { steps: 2 })).toHaveLength(1);
  await model.release();

  await writeConfig("small.json", last, { ...tinyWordedConfig, max_beta: 0.5 });
  const other = await unipic(place, args);
  expect(other.stderr).toMatch(/^unipic: The run in "runs.small" trains a model of other sizes; [^\n]+\n$/);
  expect(other.code).toBe(1);
});

it("exports a run that is over to the same model, and says where there is none", async () => {
  await writeConfig("over.json", 1);
  expect((await unipic(place, ["train", "--config", "over.json", "--threads", "1", "--export", "end"])).code).toBe(0);
  expect((await unipic(place, ["export", join("runs", "over")])).code).toBe(0);
  for (const name of ["model.safetensors", "config.json", "generation_config.json", "tokenizer.json"]) {
    const [one, other] = await Promise.all(
      ["end", join("runs", "over", "model")].map((folder) => readFile(join(place, folder, name))),
    );
    expect([name, one.equals(other)]).toEqual([name, true]);
  }
  expect(await unipic(place, ["export", "end"])).toMatchObject({
    code: 1,
    stderr: 'unipic: There is no training run with a checkpoint in "end"; name the --output of a "train".\n',
  });
});

it("says which entry of a configuration is wrong", async () => {
  await writeFile(join(place, "wrong.json"), JSON.stringify({ stages: [{ steps: "many" }] }));
  const { code, stderr } = await unipic(place, ["train", "--config", "wrong.json"]);
  expect(code).toBe(1);
  expect(stderr).toMatch(/^unipic: wrong\.json: stage 1: "steps" must be a number [^\n]+\n$/);
});

it("says which stages there are to begin with, and that later ones go on from weights", async () => {
  await writeConfig("begin.json", 1);
  const args = ["train", "--config", "begin.json", "--begin"];
  const unknown = await unipic(place, [...args, "see", "--from", "nowhere"]);
  expect(unknown).toMatchObject({ code: 1, stderr: 'unipic: There is no stage "see"; there are "draw".\n' });
  const bare = await unipic(place, [...args, "draw"]);
  expect(bare.code).toBe(2);
  expect(bare.stderr).toMatch(/^unipic: option '--begin <stage>' needs --from <folder>/);
});

it("looks for the model to start from before anything else", async () => {
  await writeConfig("fresh.json", 1);
  const { code, stderr } = await unipic(place, ["train", "--config", "fresh.json", "--from", "nowhere"]);
  expect(code).toBe(1);
  expect(stderr).toBe('unipic: There is no model folder at "nowhere".\n');
  await expect(access(join(place, "runs", "fresh"))).rejects.toThrow();
});

it("samples the same prompts every time, out of the stage's scenes", async () => {
  const stage = { scenes: { tasks: ["single_object"], objects: ["car"] } } as unknown as StageConfig;
  const prompts = await samplePrompts(stage);
  expect(prompts).toHaveLength(12);
  expect(await samplePrompts(stage)).toEqual(prompts);
  for (const prompt of prompts) expect(prompt).toContain("car");
});
