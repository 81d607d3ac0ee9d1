import { copyFile, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { picture } from "../../src/image/picture.ts";
import { UniPic } from "../../src/index.ts";
import { nodeEngine } from "../../src/runtime/node.ts";
import { loadState } from "../../src/training/checkpoint.ts";
import { exportModel } from "../../src/training/export.ts";
import type { TrainConfig } from "../../src/training/train-config.ts";
import { type TrainOptions, type TrainProgress, train } from "../../src/training/trainer.ts";
import { temporaryFolder } from "../checkpoint/temporary-folder.ts";
import { sharedFolder } from "../cli/run-cli.ts";
import { noPicture, plainPng, writeFiles } from "../data/sets/make-data.ts";
import { tinyPlan } from "./tiny-plan.ts";

const pictures = await sharedFolder();
const runs = await sharedFolder();
const COLORS = { red: [222, 38, 38], blue: [35, 95, 225], green: [40, 165, 60] } as const;

beforeAll(async () => {
  for (const [name, [r, g, b]] of Object.entries(COLORS)) {
    for (let i = 0; i < 4; i++) {
      await writeFiles(pictures, {
        [`${name}-${i}.png`]: await plainPng([r - 4 * i, g + 4 * i, b], 40, 36),
        [`${name}-${i}.txt`]: `a ${name} picture`,
      });
    }
  }
  await writeFiles(pictures, { "broken.png": noPicture, "broken.txt": "a broken picture", "alone.png": noPicture });
});

const planOf = (steps: number, data: Record<string, unknown>, batch: Record<string, number>): TrainConfig => {
  const { model, tokenizer, vae, stages, checkpointEvery, seed } = tinyPlan(steps);
  const plan = { seed, model, tokenizer, vae: { ...vae, scenes: stages[0].scenes }, checkpointEvery, data };
  return tinyPlan(steps, { ...plan, stages: [{ ...stages[0], data: undefined, batch }] });
};
/** What stands before the first stage is made once, and taken from there by the runs that are not about it. */
async function takePrepared(name: string): Promise<void> {
  await mkdir(join(runs, name));
  for (const file of ["config.json", "tokenizer.json", "tokenizer_config.json", "vae.safetensors"]) {
    await copyFile(join(runs, "learns", file), join(runs, name, file));
  }
}
const run = (name: string, plan: TrainConfig, more: Partial<TrainOptions> = {}) =>
  train({
    train: plan,
    folder: join(runs, name),
    engine: nodeEngine,
    threads: 1,
    threadedData: false,
    ...more,
  });

describe("training on a folder of pictures", () => {
  it("learns its captions and pictures, with tokenizer and autoencoder of its own, and names what is bad", async () => {
    const seen: TrainProgress[] = [];
    const bad: string[] = [];
    const plan = planOf(
      150,
      { sources: [{ path: pictures }], latents: true, threads: 0 },
      { generation: 6, understanding: 8 },
    );
    const { weights, prepared } = await run("learns", plan, {
      onProgress: (progress) => seen.push(progress),
      onBadSample: ({ name }) => bad.push(name),
    });
    const [first, last] = [seen[0].losses, seen.at(-1)!.losses];
    expect(last.generation).toBeLessThan(0.6 * first.generation);
    expect(last.understanding).toBeLessThan(0.25 * first.understanding);
    expect(bad.sort()).toEqual([`${pictures}/alone`, `${pictures}/broken`]);
    expect(seen.at(-1)!.badSamples).toBe(2);
    const named = (await readFile(join(runs, "learns", "bad-samples.jsonl"), "utf8")).trim().split("\n");
    expect(named.map((line) => JSON.parse(line).name).sort()).toEqual(bad);
    const lines = (await readFile(join(runs, "learns", "log.jsonl"), "utf8")).trim().split("\n");
    expect(JSON.parse(lines.at(-1)!)).toMatchObject({ samples: 150 * 14, badSamples: 2 });
    const vocabulary = Object.keys((prepared.tokenizer.model as { vocab: Record<string, number> }).vocab);
    expect(vocabulary).toEqual(expect.arrayContaining(["Ġred", "Ġblue", "Ġgreen", "Ġpicture"]));
    expect(vocabulary).not.toContain("Ġcar");

    await exportModel(join(runs, "model"), weights, prepared);
    const model = await UniPic.load(join(runs, "model"), { threads: 1 });
    for (const [name, color] of Object.entries(COLORS)) {
      const shown = picture(
        32,
        32,
        Uint8Array.from({ length: 32 * 32 * 3 }, (_, i) => color[i % 3]),
      );
      expect(await model.describe(shown)).toBe(`a ${name} picture`);
    }
    await model.release();
  });

  it("goes on bit for bit after a stop, amid an epoch of a mixture", async () => {
    const sources = [{ path: pictures, weight: 2 }, { world: true }];
    const plan = planOf(9, { sources, shuffle: 5, threads: 1 }, { generation: 3, understanding: 2 });
    await takePrepared("whole");
    await run("whole", plan);
    for (const [name, threadedData] of [
      ["inline", false],
      ["threads", true],
    ] as const) {
      await takePrepared(name);
      const stop = new AbortController();
      const onProgress = ({ step }: TrainProgress) => step === 4 && stop.abort(new Error("enough"));
      await expect(run(name, plan, { signal: stop.signal, onProgress, threadedData })).rejects.toThrow("enough");
      const { position } = (await loadState(join(runs, name)))!;
      expect(Object.keys(position.cursors!).sort()).toEqual([`generation ${pictures}`, `understanding ${pictures}`]);
      await run(name, plan, { threadedData });
      const state = (folder: string) => readFile(join(runs, folder, "state.safetensors"));
      expect((await state(name)).equals(await state("whole")), name).toBe(true);
    }
  });

  it("learns from pictures and latents of each stage's size", async () => {
    const plan = planOf(
      2,
      { sources: [{ path: pictures }], latents: true, threads: 0 },
      { generation: 2, contrast: 2 },
    );
    await takePrepared("sizes");
    const sizes = [
      { generation: 16, understanding: 16 },
      { generation: 48, understanding: 32 },
    ];
    const { prepared } = await run("sizes", {
      ...plan,
      stages: sizes.map((size) => ({ ...plan.stages[0], size })),
    });
    expect(prepared.config.mar.img_size).toBe(48);
    const latents = (await readdir(join(pictures, ".latents"))).map((name) => name.split("-")[0]);
    expect(latents).toEqual(expect.arrayContaining(["16px", "48px"]));
  });

  it("stops with a sentence where most of it is bad, and names all that was", async () => {
    const mostly = await temporaryFolder();
    await writeFiles(mostly, {
      "a.png": await plainPng([1, 2, 3], 32),
      "a.txt": "good",
      ...Object.fromEntries(
        ["b", "c"].flatMap((name) => [
          [`${name}.png`, noPicture],
          [`${name}.txt`, name],
        ]),
      ),
    });
    await takePrepared("mostly");
    const plan = planOf(50, { sources: [{ path: mostly }], threads: 0 }, { generation: 2 });
    await expect(run("mostly", plan)).rejects.toThrow(/is bad \(2 of 3 samples/);
    const named = (await readFile(join(runs, "mostly", "bad-samples.jsonl"), "utf8")).trim().split("\n");
    expect(named.map((line) => JSON.parse(line).name).sort()).toEqual([`${mostly}/b`, `${mostly}/c`]);
  });

  it("refuses a state whose cursors are no cursors", async () => {
    const plan = planOf(2, { sources: [{ path: pictures }], threads: 0 }, { generation: 2 });
    await takePrepared("damaged");
    await run("damaged", plan);
    const path = join(runs, "damaged", "state.safetensors");
    const bytes = await readFile(path);
    const at = bytes.indexOf("samples");
    expect(at).toBeGreaterThan(0);
    bytes.write("sampl3s", at);
    await writeFile(path, bytes);
    await expect(run("damaged", plan)).rejects.toThrow(/does not say where the training run stands/);
  });
});
