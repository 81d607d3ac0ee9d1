import { readFile, truncate } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { ShardWriter } from "../../src/data/sets/shard-writer.ts";
import { nodeEngine } from "../../src/runtime/node.ts";
import { type TrainProgress, train } from "../../src/training/trainer.ts";
import { sharedFolder } from "../cli/run-cli.ts";
import { json, noPicture, plainPng } from "../data/sets/make-data.ts";
import { tinyPlan } from "./tiny-plan.ts";

const data = await sharedFolder();
const runs = await sharedFolder();
const STEPS = 8;
const BATCH = 4;
/** Two of a sample's files with their headers, each filled up to whole blocks of 512 bytes. */
const SAMPLE_BYTES = 4 * 512;

type Files = Record<string, Uint8Array>;

async function writeShard(path: string, samples: Readonly<Record<string, Files>>): Promise<void> {
  const writer = await ShardWriter.open(path);
  for (const [key, files] of Object.entries(samples)) await writer.add(key, Object.entries(files));
  await writer.finish();
}

const planOn = (path: string, steps = STEPS) => {
  const { stages, vae, ...plan } = tinyPlan(steps);
  const stage = { ...stages[0], data: undefined, batch: { generation: BATCH } };
  return tinyPlan(steps, {
    ...{ seed: plan.seed, model: plan.model, tokenizer: plan.tokenizer, vae },
    data: { sources: [{ path }], shuffle: 6, threads: 0 },
    stages: [stage],
  });
};

const lines = async (path: string): Promise<Record<string, unknown>[]> =>
  (await readFile(path, "utf8"))
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));

it("everything that can be wrong with a sample is counted, named in the log, and skipped", async () => {
  const png = await plainPng([200, 30, 30], 32);
  const good: Files = { png, json: json({ caption: "a red picture" }) };
  await writeShard(join(data, "a.tar"), {
    good1: good,
    unreadable: { ...good, png: noPicture },
    empty: { png, json: json({ caption: " " }) },
    good2: good,
    unpictured: { json: json({ caption: "a red picture" }) },
    uncaptioned: { png },
    unpaired: { "source.png": png, json: json({ instruction: "Make it blue." }) },
    good3: good,
    good4: good,
  });
  await writeShard(join(data, "b.tar"), { good5: good, good6: good, good7: good, cut: good, lost: good });
  await truncate(join(data, "b.tar"), 3 * SAMPLE_BYTES + 512 + 20);

  const folder = join(runs, "mixed");
  const named: string[] = [];
  const seen: TrainProgress[] = [];
  await train({
    train: planOn(data),
    folder,
    engine: nodeEngine,
    threads: 1,
    threadedData: false,
    onBadSample: ({ name }) => named.push(name),
    onProgress: (progress) => seen.push(progress),
  });
  const reasons = Object.fromEntries(
    (await lines(join(folder, "bad-samples.jsonl"))).map(({ name, reason }) => [name, reason]),
  );
  expect(reasons).toEqual({
    [`${data}/a.tar/unreadable`]: expect.stringMatching(/^its picture cannot be read: it is damaged or not a PNG/),
    [`${data}/a.tar/empty`]: "its caption is empty",
    [`${data}/a.tar/unpictured`]: "there is no picture to its text",
    [`${data}/a.tar/uncaptioned`]: "there is no caption to its picture",
    [`${data}/a.tar/unpaired`]: "it is an edit without a target picture",
    [`${data}/b.tar/cut`]: "the shard is cut short here",
  });
  // Each once, though the run sees the data several times.
  expect(named.sort()).toEqual(Object.keys(reasons).sort());
  expect(seen.at(-1)).toMatchObject({ step: STEPS, samples: STEPS * BATCH, badSamples: 6 });
  expect((await lines(join(folder, "log.jsonl"))).at(-1)).toMatchObject({ samples: STEPS * BATCH, badSamples: 6 });
});

it("shards of which most is bad stop the run with a sentence that says how much, and what was last", async () => {
  const folder = await mostlyBadShards();
  const reading = train({
    train: planOn(folder),
    folder: join(runs, "bad"),
    engine: nodeEngine,
    threads: 1,
    threadedData: false,
  });
  await expect(reading).rejects.toThrow(
    /^More than half of the data set ".+" is bad \(\d+ of \d+ samples, the last ".+\.tar\/\d+": its .+\); unipic data check names all that is\.$/,
  );
  expect((await lines(join(runs, "bad", "bad-samples.jsonl"))).length).toBeGreaterThan(2);
});

/** Three good samples, and three each without a readable picture and without words. */
async function mostlyBadShards(): Promise<string> {
  const folder = join(runs, "mostly-bad");
  const png = await plainPng([30, 30, 200], 32);
  const kinds: Files[] = [
    { png, json: json({ caption: "a blue picture" }) },
    { png: noPicture, json: json({ caption: "a blue picture" }) },
    { png, json: json({ caption: "" }) },
  ];
  const samples = Array.from({ length: 9 }, (_, i) => [String(i), kinds[i % 3]] as const);
  await writeShard(join(folder, "c.tar"), Object.fromEntries(samples));
  return folder;
}
