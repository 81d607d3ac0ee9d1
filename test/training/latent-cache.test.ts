import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { toFloat32 } from "../../src/checkpoint/index.ts";
import { ShardWriter } from "../../src/data/sets/shard-writer.ts";
import { openSampleSet } from "../../src/data/sets/shards.ts";
import { everySample } from "../../src/data/sets/stream.ts";
import { Random } from "../../src/random.ts";
import { nodeEngine } from "../../src/runtime/node.ts";
import { Program } from "../../src/runtime/program.ts";
import { DataBatches } from "../../src/training/data-batches.ts";
import { parseData } from "../../src/training/data-config.ts";
import { traceJointLoss } from "../../src/training/joint-program.ts";
import { type CacheLatentsOptions, cacheLatents } from "../../src/training/latent-cache.ts";
import { LATENT_FOLDER, latentBytes, latentKeyOf, openLatents } from "../../src/training/latent-set.ts";
import { initialize, type Values } from "../../src/training/parameters.ts";
import { NO_SAMPLES } from "../../src/training/stage.ts";
import { temporaryFolder } from "../checkpoint/temporary-folder.ts";
import { sharedFolder } from "../cli/run-cli.ts";
import { all, json, noPicture, plainPng, text, writeFiles } from "../data/sets/make-data.ts";
import { tinyPlan } from "./tiny-plan.ts";
import { tinyTokenizer } from "./tiny-tokenizer.ts";

const folder = await sharedFolder();
const { model, stages } = tinyPlan(1);
const batch = { ...NO_SAMPLES, generation: 4, editing: 1 };
const stageOf = (latents: boolean) => ({
  ...stages[0],
  batch,
  data: parseData({ sources: [{ path: folder }], shuffle: 3, latents }, "data"),
});
/** Every weight of the tiny model, drawn once. */
const weights: Values = initialize(traceJointLoss(model, stageOf(false)).root.parameters, new Random(5));
const vae: Values = new Map([...weights].filter(([name]) => name.startsWith("vae.")));
const key = latentKeyOf(model, vae);

const options = (more: Partial<CacheLatentsOptions> = {}): CacheLatentsOptions => ({
  config: model,
  vae,
  key,
  engine: nodeEngine,
  device: { device: "cpu", threads: 1 },
  threads: 0,
  ...more,
});

beforeAll(async () => {
  const writer = await ShardWriter.open(join(folder, "sub", "a.tar"));
  for (let i = 0; i < 6; i++) {
    await writer.add(String(i), [
      ["png", i === 2 ? noPicture : await plainPng([i * 40, 200, 255 - i * 40], 40, 32)],
      ["json", json({ caption: `picture ${i}` })],
    ]);
  }
  await writer.add("question", [
    ["png", await plainPng([9, 9, 9], 8)],
    ["json", json({ question: "What?", answer: "dark" })],
  ]);
  await writer.finish();
  const edits = await ShardWriter.open(join(folder, "b.tar"));
  await edits.add("edit", [
    ["source.png", await plainPng([255, 0, 0], 32)],
    ["target.png", await plainPng([0, 0, 255], 32)],
    ["json", json({ instruction: "Make it blue." })],
  ]);
  await edits.finish();
});

const tokenizer = tinyTokenizer("a picture");

describe("latents", () => {
  it("are made once beside the data, of what is drawn, and what is bad is told", async () => {
    const set = await openSampleSet(folder);
    const bad: string[] = [];
    const done: string[] = [];
    await cacheLatents(
      set,
      options({
        onBad: ({ name }) => bad.push(name),
        onProgress: (progress) => done.push(`${progress.phase} ${progress.done}/${progress.of}`),
      }),
    );
    expect(bad).toEqual([`${folder}/sub/a.tar/2`]);
    expect(done).toEqual(["latents 1/2", "latents 2/2"]);
    const place = join(folder, LATENT_FOLDER, key);
    expect((await readdir(place)).sort()).toEqual([
      expect.stringMatching(/^b-[0-9a-f]{12}\.tar$/),
      expect.stringMatching(/^sub%2Fa-[0-9a-f]{12}\.tar$/),
    ]);
    const items = await all(everySample(await openLatents(set, key)));
    const found = items.map((item) => ("sample" in item ? item.sample : undefined));
    expect(found.map((sample) => Object.values(sample!.texts).join())).toEqual([
      "Make it blue.",
      ...[0, 1, 3, 4, 5].map((i) => `picture ${i}`),
    ]);
    for (const sample of found) {
      expect(sample!.isEncoded).toBe(true);
      for (const bytes of Object.values(sample!.pictures)) expect(bytes.length).toBe(latentBytes(model));
    }
    // The data set itself is the same as before: a folder whose name begins with a dot is not looked into.
    expect((await openSampleSet(folder)).shards).toHaveLength(2);

    const times = async () =>
      Promise.all((await readdir(place)).sort().map(async (name) => (await stat(join(place, name))).mtimeMs));
    const before = await times();
    await cacheLatents(set, options({ onBad: () => expect.unreachable(), onProgress: () => expect.unreachable() }));
    expect(await times()).toEqual(before);
  });

  it("give the loss that the pictures give", async () => {
    // Nothing bad, and nothing that is only looked at: the same samples come in the same order in either form.
    const pictures = await temporaryFolder();
    const edge = await plainPng([255, 255, 0], 32);
    await writeFiles(pictures, {
      ...Object.fromEntries(
        await Promise.all([0, 1, 2, 3].map(async (i) => [`${i}.png`, await plainPng([i * 80, 255 - i * 80, 0], 32)])),
      ),
      ...Object.fromEntries([0, 1, 2, 3].map((i) => [`${i}.txt`, "a picture"])),
      "e.source.png": edge,
      "e.target.png": await plainPng([0, 0, 255], 32),
      "e.json": '{"instruction": "a picture"}',
    });
    await cacheLatents(await openSampleSet(pictures), options());
    const loss = async (latents: boolean, seed: number) => {
      const data = parseData({ sources: [{ path: pictures }], shuffle: 3, latents }, "data");
      const stage = { ...stages[0], batch: { ...batch, generation: 3 }, data };
      const opened = { config: model, tokenizer, stage, seed, latentKey: key, isInline: true, onBad: () => {} };
      const batches = await DataBatches.open(opened);
      const { batch: feeds } = await batches.make(0);
      await batches.close();
      const { total } = traceJointLoss(model, stage);
      const parameters = (name: string, shape: readonly number[]) => ({
        data: weights.get(name)!.data as Float32Array,
        shape,
      });
      const device = { device: "cpu", threads: 1 } as const;
      const program = await Program.compile(nodeEngine, { total }, { fused: false, parameters }, device);
      const result = Number((await program.run(feeds)).total.data[0]);
      await program.release();
      return result;
    };
    const [pixels, latents, others] = [await loss(false, 3), await loss(true, 3), await loss(true, 4)];
    // Half precision has eleven bits.
    expect(Math.abs(latents - pixels)).toBeLessThan(5e-4 * pixels);
    expect(Math.abs(others - pixels)).toBeGreaterThan(5e-3 * pixels);
  });

  it("of other weights or another size have another name", () => {
    const other: Values = new Map(vae);
    const [first] = vae.keys();
    const { data, ...array } = vae.get(first)!;
    other.set(first, { ...array, data: (data as Float32Array).map((value, i) => (i === 0 ? value + 1e-3 : value)) });
    expect(latentKeyOf(model, other)).not.toBe(key);
    expect(latentKeyOf({ ...model, mar: { ...model.mar, img_size: 64 } }, vae)).not.toBe(key);
    expect(latentKeyOf(model, new Map([...vae].reverse()))).toBe(key);
    expect(latentKeyOf(model, weights)).toBe(key);
  });

  it("follow what is in a folder: a picture that is changed is encoded anew, and its old latents go", async () => {
    const pictures = await temporaryFolder();
    await writeFiles(pictures, { "a.png": await plainPng([255, 0, 0], 32), "a.txt": "a" });
    const latents = async () => {
      const set = await openSampleSet(pictures);
      await cacheLatents(set, options());
      const [item] = await all(everySample(await openLatents(set, key)));
      if ("bad" in item) throw new Error(item.bad.reason);
      const bytes = item.sample.pictures.image!;
      return toFloat32({ dtype: "F16", shape: [bytes.length / 2], bytes });
    };
    const red = await latents();
    await writeFiles(pictures, { "a.png": await plainPng([0, 0, 255], 31) });
    await expect(openLatents(await openSampleSet(pictures), key)).rejects.toThrow();
    expect(await latents()).not.toEqual(red);
    expect(await readdir(join(pictures, LATENT_FOLDER, key))).toHaveLength(1);
  });

  it("that were stopped leave no half of a shard, and go on", async () => {
    const pictures = await temporaryFolder();
    const png = await plainPng([0, 255, 0], 32);
    const names = Array.from({ length: 70 }, (_, i) => String(i).padStart(2, "0"));
    await writeFiles(
      pictures,
      Object.fromEntries(
        names.flatMap((name) => [
          [`${name}.png`, png],
          [`${name}.txt`, name],
        ]),
      ),
    );
    const set = await openSampleSet(pictures);
    const stop = new AbortController();
    const stopped = cacheLatents(
      set,
      options({ signal: stop.signal, onProgress: ({ done }) => done === 1 && stop.abort(new Error("enough")) }),
    );
    await expect(stopped).rejects.toThrow("enough");
    expect(await readdir(join(pictures, LATENT_FOLDER, key))).toHaveLength(1);
    const done: number[] = [];
    await cacheLatents(set, options({ onProgress: (progress) => done.push(progress.done) }));
    expect(done).toEqual([2]);
    expect(await all(everySample(await openLatents(set, key)))).toHaveLength(70);
  });

  it("are not made of what is mostly bad", async () => {
    const pictures = await temporaryFolder();
    await writeFiles(pictures, { "a.png": noPicture, "a.txt": "a", "b.png": text("x"), "b.txt": "b" });
    await expect(cacheLatents(await openSampleSet(pictures), options())).rejects.toThrow(/is bad \(2 of 2 samples/);
  });

  it("say where they cannot be kept", async () => {
    const pictures = await temporaryFolder();
    await writeFiles(pictures, {
      "a.png": await plainPng([1, 1, 1]),
      "a.txt": "a",
      [LATENT_FOLDER]: "a file in the way",
    });
    await expect(cacheLatents(await openSampleSet(pictures), options())).rejects.toThrow(
      /^Latents cannot be kept in ".+": part of the path is a file/,
    );
    expect(await readFile(join(pictures, LATENT_FOLDER), "utf8")).toBe("a file in the way");
  });
});
