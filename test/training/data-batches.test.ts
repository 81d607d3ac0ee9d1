import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { pictureJobs } from "../../src/data/sets/pictures.ts";
import { ShardWriter } from "../../src/data/sets/shard-writer.ts";
import type { BadSample } from "../../src/data/sets/stream.ts";
import { Random } from "../../src/random.ts";
import { Tokenizer, type TokenizerJson } from "../../src/text/tokenizer.ts";
import { trainTokenizer } from "../../src/text/train-tokenizer.ts";
import { threadedBatches } from "../../src/training/batch-source.ts";
import { DataBatches, type DataCursors } from "../../src/training/data-batches.ts";
import { parseData } from "../../src/training/data-config.ts";
import { pickSource } from "../../src/training/data-source.ts";
import type { StageConfig } from "../../src/training/stage.ts";
import { NO_SAMPLES } from "../../src/training/stage.ts";
import { sharedFolder } from "../cli/run-cli.ts";
import { json, noPicture, plainPng } from "../data/sets/make-data.ts";
import { askedInputs } from "./asked-inputs.ts";
import { tinyPlan } from "./tiny-plan.ts";

const folder = await sharedFolder();
const { model, stages } = tinyPlan(10);
const made = trainTokenizer(["a red picture", "a blue picture", "Describe the picture."], { vocabularySize: 320 });
const files = { tokenizer: made.tokenizer as TokenizerJson, tokenizerConfig: made.config as TokenizerJson };
const tokenizer = new Tokenizer(files.tokenizer, files.tokenizerConfig);

beforeAll(async () => {
  const [red, blue] = [await plainPng([255, 0, 0], 32), await plainPng([0, 0, 255], 32)];
  const captions = await ShardWriter.open(join(folder, "captions", "a.tar"));
  for (let i = 0; i < 12; i++) {
    const caption = i % 2 === 0 ? "a red picture" : "a blue picture";
    // One is bad.
    await captions.add(String(i), [
      ["png", i === 5 ? noPicture : i % 2 === 0 ? red : blue],
      ["json", json({ caption })],
    ]);
  }
  await captions.finish();
  const edits = await ShardWriter.open(join(folder, "edits", "a.tar"));
  for (let i = 0; i < 3; i++) {
    await edits.add(String(i), [
      ["source.png", red],
      ["target.png", blue],
      ["json", json({ instruction: "Make it blue." })],
    ]);
  }
  await edits.finish();
});

const stageOf = (
  sources: unknown[],
  batch: Record<string, number>,
  more: Record<string, unknown> = {},
  stage: Partial<Pick<StageConfig, "repeats" | "scenes">> = {},
) => ({
  ...stages[0],
  ...stage,
  batch: { ...NO_SAMPLES, ...batch },
  data: parseData({ sources, shuffle: 4, ...more }, "data"),
});
const paths = { captions: { path: join(folder, "captions") }, edits: { path: join(folder, "edits") } };

const open = (
  stage: ReturnType<typeof stageOf>,
  cursors?: DataCursors,
  onBad: (bad: BadSample) => void = () => {},
  config = model,
) => DataBatches.open({ config, tokenizer, stage, seed: 7, isInline: true, onBad }, cursors);

/** The colour of every picture: its mean red, 0 to 1. */
const reds = (data: Float32Array) => {
  const values = 3 * 32 * 32;
  return Array.from({ length: data.length / values }, (_, i) => (data[i * values] + 1) / 2);
};

describe("batches of data sets", () => {
  it("give exactly the inputs that the stage's program asks for, each caption with its picture, grounding from the world", async () => {
    const stage = stageOf(
      [paths.captions, paths.edits],
      {
        generation: 3,
        editing: 2,
        understanding: 3,
        contrast: 4,
        grounding: 2,
        layout: 2,
        changing: 2,
      },
      {},
      // Layouts are of scenes of up to four different objects.
      { repeats: 0, scenes: {} },
    );
    const batches = await open(stage);
    const { batch } = await batches.make(0);
    await batches.close();
    expect(Object.keys(batch).sort()).toEqual(askedInputs(model, stage));
    const colors = reds(batch["understanding.pixels"].data as Float32Array);
    const labels = Array.from(batch["understanding.labels"].data as BigInt64Array, Number);
    const answers = tokenizer.decode(labels).split("<|im_end|>").slice(0, 3);
    expect(answers).toEqual(colors.map((red) => (red > 0.5 ? "a red picture" : "a blue picture")));
    expect(reds(batch["editing.source_pixels"].data as Float32Array)).toEqual([1, 1]);
    expect(reds(batch["editing.pixels"].data as Float32Array)).toEqual([0, 0]);
    // Who belongs together in contrast: the same caption, so the same colour.
    const told = reds(batch["contrast.pixels"].data as Float32Array);
    const pairs = told.flatMap((red) => told.map((other) => (red === other ? 1 : -1)));
    expect(Array.from(batch["contrast.pairs"].data as Float32Array)).toEqual(pairs);
  });

  it("take edits as pictures, even where there are latents, for a model whose vision tower is to see their sources", async () => {
    const seeing = { ...model, editing_vision: true };
    const stage = stageOf([paths.edits], { editing: 2 }, { latents: true }, { repeats: 0 });
    const batches = await open(stage, undefined, undefined, seeing);
    const { batch } = await batches.make(0);
    await batches.close();
    expect(Object.keys(batch).sort()).toEqual(askedInputs(seeing, stage));
    expect(batch["editing.vision_pixels"]).toEqual(batch["editing.source_pixels"]);
    expect(reds(batch["editing.vision_pixels"].data as Float32Array)).toEqual([1, 1]);
  });

  it("repeat the source in the share of edits that the stage asks for", async () => {
    const batches = await open(stageOf([paths.edits], { editing: 3 }, {}, { repeats: 1 }));
    const { batch } = await batches.make(0);
    await batches.close();
    expect(batch["editing.pixels"]).toEqual(batch["editing.source_pixels"]);
    const ids = Array.from(batch["editing.ids"].data as BigInt64Array, Number);
    expect(tokenizer.decode(ids).split("Repeat this image.")).toHaveLength(4);
  });

  it("go on from saved cursors bit for bit, with the same counts of bad samples, and the same from threads", async () => {
    const stage = stageOf([paths.captions, { world: true, weight: 0.5 }], { generation: 3, understanding: 2 });
    const bad: BadSample[] = [];
    const whole = await open(stage, undefined, (each) => bad.push(each));
    const made = [];
    for (let step = 0; step < 8; step++) made.push(await whole.make(step));
    await whole.close();
    expect(new Set(bad.map(({ name }) => name))).toEqual(new Set([`${join(folder, "captions")}/a.tar/5`]));
    for (const stop of [1, 3, 6]) {
      const rest = await open(stage, JSON.parse(JSON.stringify(made[stop].cursors)));
      expect(await rest.make(stop + 1)).toEqual(made[stop + 1]);
      await rest.close();
    }
    const told: BadSample[] = [];
    const source = threadedBatches({ ...files, config: model, stage, seed: 7, cursors: made[1].cursors }, (each) =>
      told.push(each),
    );
    for (let step = 2; step < 8; step++) expect(await source.next(step)).toEqual(made[step]);
    await source.close();
    expect(told.map(({ name }) => name)).toContain(bad[0].name);
  });

  it("cut texts that are longer than the stage takes", async () => {
    const stage = stageOf([paths.captions], { understanding: 4 }, { longestText: 2 });
    const batches = await open(stage);
    const { batch } = await batches.make(0);
    await batches.close();
    const labels = Array.from(batch["understanding.labels"].data as BigInt64Array, Number);
    for (const answer of tokenizer.decode(labels).split("<|im_end|>").slice(0, 4))
      expect(answer).toMatch(/^a (red|blue)$/);
  });

  it("say what no source serves, before anything is learned", async () => {
    const open2 = open(stageOf([paths.captions], { generation: 1, editing: 1 }));
    await expect(open2).rejects.toThrow(
      /^The stage "tiny" learns editing, which none of its data serves \(.+captions: generation, understanding, contrast\)/,
    );
    await expect(open(stageOf([{ path: join(folder, "none") }], { generation: 1 }))).rejects.toThrow(
      /^There is no data set/,
    );
  });

  it("tell in the thread what stops them, as a sentence", async () => {
    const stage = stageOf([{ path: join(folder, "edits"), tasks: ["generation"] }], { generation: 1 });
    const source = threadedBatches({ ...files, config: model, stage, seed: 7 }, () => {});
    await expect(source.next(0)).rejects.toMatchObject({
      name: "UserError",
      message: expect.stringMatching(/^The data set ".+" has no samples for generation/),
    });
    await source.close();
  });
});

describe("a mixture", () => {
  it("draws from each source as often as its weight says", () => {
    const random = new Random(1);
    const sources = [{ weight: 1 }, { weight: 2 }, { weight: 0.5 }];
    const counts = new Map(sources.map((source) => [source, 0]));
    for (let i = 0; i < 7000; i++) {
      const source = pickSource(random, sources);
      counts.set(source, counts.get(source)! + 1);
    }
    // Within four standard deviations of 2000, 4000 and 1000.
    expect(Math.abs(counts.get(sources[0])! - 2000)).toBeLessThan(152);
    expect(Math.abs(counts.get(sources[1])! - 4000)).toBeLessThan(166);
    expect(Math.abs(counts.get(sources[2])! - 1000)).toBeLessThan(118);
  });

  it("shows its sources' pictures in these shares", async () => {
    // Red pictures against the blue targets of edits would be no generation; the world has neither of the two plain colours.
    const stage = stageOf([{ ...paths.captions, weight: 3 }, { world: true }], { generation: 40 });
    const batches = await open(stage);
    let plain = 0;
    for (let step = 0; step < 3; step++) {
      const pixels = (await batches.make(step)).batch["generation.pixels"].data as Float32Array;
      for (let i = 0; i < 40; i++) {
        const picture = pixels.subarray(i * 3072, (i + 1) * 3072);
        const isPlain = [0, 1024, 2048].every((plane) =>
          picture.subarray(plane, plane + 1024).every((value) => value === picture[plane]),
        );
        if (isPlain) plain++;
      }
    }
    await batches.close();
    // Three quarters of 120, within four standard deviations.
    expect(Math.abs(plain - 90)).toBeLessThan(19);
  });
});

it("closes its threads", async () => {
  const jobs = pictureJobs(1);
  const { width } = await jobs.run({ kind: "look", bytes: await plainPng([1, 2, 3], 5) });
  expect(width).toBe(5);
  await jobs.close();
});
