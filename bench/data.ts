/**
 * How data sets of many samples are read: `npm run bench:data -- [--records 10000,100000,1000000] [--pictures 10000,100000] [--threads n]
 * [--drawn 2000]`. Three things, each measured in a fresh process that reads two sources as a mixture, through shuffle buffers and threads:
 *
 * * all of data sets of growing size, once with latents, which nothing has to decode, and once with pictures;
 * * going on from a place in the middle and near the end, there and in a data set of a hundred million samples;
 * * beside them, how fast one core draws and decodes pictures.
 *
 * The data sets are made in a temporary folder. A few shards of a thousand records are written, and every other shard is a further name of
 * one of them (a hard link): what is read comes from the system's file cache, so these are rates of processors and not of disks. "A core"
 * divides by the processor time that all threads took, and so does not depend much on what else the machine does.
 */
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs, promisify } from "node:util";
import { defaultThreads, type StreamCursor } from "../src/data/sets/index.ts";
import type { UniPicConfig } from "../src/models/config.ts";
import { latentBytes } from "../src/training/latent-set.ts";
import { wholeNumber } from "./arguments.ts";
import { decodingRates, drawingRates, type Rate } from "./data-drawing.ts";
import { linkSet, type RecordKind, SHARD_RECORDS, writeShards } from "./data-shards.ts";
import type { StreamedSource, StreamJob, StreamResult } from "./data-stream.ts";
import { machineLine } from "./machine.ts";
import { run } from "./run.ts";
import { withScratch } from "./scratch.ts";

const MODEL = "models/unipic-mini";
/** Side of the pictures in pixels, in files and decoded. */
const SIZE = 64;
const SHUFFLE = 1000;
const HUNDRED_MILLION = 100_000_000;
/** Of four shards, three are the first source's. */
const FIRST_SHARE = 0.75;

interface Bench {
  folder: string;
  signal: AbortSignal;
  threads: number;
}

/** Runs the reading script with a job. */
async function stream(job: StreamJob, signal: AbortSignal): Promise<StreamResult> {
  const script = fileURLToPath(new URL("./data-stream.ts", import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [...process.execArgv, script, JSON.stringify(job)], {
    signal,
  });
  return JSON.parse(stdout) as StreamResult;
}

/** Two sources with so many records together. */
async function makeSources(folder: string, files: readonly string[], records: number): Promise<StreamedSource[]> {
  const first = Math.ceil((FIRST_SHARE * records) / SHARD_RECORDS) * SHARD_RECORDS;
  const sources = [first, Math.max(SHARD_RECORDS, records - first)].map((own, i) => ({
    path: join(folder, `${records}-${i}`),
    records: own,
  }));
  for (const { path, records: own } of sources) await linkSet(path, files, own);
  return sources;
}

const count = (value: number): string => Math.round(value).toLocaleString("en");
const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(0)} MB`;
const milliseconds = (seconds: number): string => `${count(1000 * seconds)} ms`;
const showRow = (...cells: (string | number)[]): void => console.log(`| ${cells.join(" | ")} |`);

/** Reads all of data sets of several sizes, and goes on in the largest. */
async function readSizes(bench: Bench, kind: RecordKind, sizes: readonly number[]): Promise<void> {
  const { signal, threads } = bench;
  const isPicture = "picture" in kind;
  const folder = join(bench.folder, isPicture ? "pictures" : "latents");
  const files = await writeShards(folder, kind, signal);
  const common = { threads, shuffle: SHUFFLE, size: SIZE, latentBytes: isPicture ? undefined : kind.latents };
  console.log(
    isPicture
      ? `\npictures of ${kind.picture} px as PNG, decoded in ${threads} ${threads === 1 ? "thread" : "threads"}\n`
      : `\nlatents of ${count(kind.latents)} bytes, nothing to decode\n`,
  );
  showRow("samples", "shards", "peak memory", "samples/s", "samples/s a core", "first sample after");
  console.log("|---|---|---|---|---|---|");
  let largest: { sources: StreamedSource[]; result: StreamResult } | undefined;
  for (const records of sizes) {
    const sources = await makeSources(folder, files, records);
    const result = await stream({ ...common, sources }, signal);
    const { samples, seconds, processorSeconds, peak, firstSeconds } = result;
    const rates = [samples / seconds, samples / processorSeconds].map(count);
    showRow(count(samples), count(shardsOf(sources)), megabytes(peak), ...rates, milliseconds(firstSeconds));
    largest = { sources, result };
  }
  if (isPicture || !largest) return;
  const hundredMillion = await makeSources(folder, files, HUNDRED_MILLION);
  const at = (share: number) => hundredMillion.map((source) => placeAt(source, share));
  const { sources, result } = largest;
  console.log("\ngoing on from a place\n");
  showRow("samples in the data set", "gone on", "first sample after", "records read until then", "peak memory");
  console.log("|---|---|---|---|---|");
  for (const [of, where, cursors] of [
    [sources, "at the beginning", []],
    [sources, "at 50 %", result.middle],
    [sources, "at 99 %", result.late],
    [hundredMillion, "at the beginning", []],
    [hundredMillion, "at 50 %", at(0.5)],
    [hundredMillion, "at 99 %", at(0.99)],
  ] as const) {
    const from = of.map((source, i) => ({ ...source, cursor: cursors[i] }));
    const job = { ...common, sources: from, samples: 1, countsRecords: true };
    const { firstSeconds, firstRecords, peak } = await stream(job, signal);
    const records = of.reduce((sum, source) => sum + source.records, 0);
    showRow(count(records), where, milliseconds(firstSeconds), count(firstRecords), megabytes(peak));
  }
}

const shardsOf = (sources: readonly StreamedSource[]): number =>
  sources.reduce((sum, { records }) => sum + records / SHARD_RECORDS, 0);

/** Where a stream stands that has read a share of the records and has given half of its buffer: a place for which nobody had to wait. */
function placeAt({ records }: StreamedSource, share: number): StreamCursor {
  const shard = Math.floor((share * records) / SHARD_RECORDS);
  const read = shard * SHARD_RECORDS;
  const given = SHUFFLE / 2;
  const shards = records / SHARD_RECORDS;
  return { epoch: 0, shard, position: 0, buffer: read / SHUFFLE, given, shards, read: read + given, bad: 0 };
}

function showRates(title: string, rates: readonly Rate[]): void {
  console.log(`\n${title}\n`);
  showRow("what", "pictures/s a core");
  console.log("|---|---|");
  for (const { what, perCore } of rates) showRow(what, count(perCore));
}

const sizesIn = (name: string, text: string): number[] =>
  text === "" ? [] : text.split(",").map((each) => wholeNumber(name, each, 4 * SHARD_RECORDS));

await run(async () => {
  const { values } = parseArgs({
    options: {
      records: { type: "string", default: "10000,100000,1000000" },
      pictures: { type: "string", default: "10000,100000" },
      threads: { type: "string", default: String(defaultThreads()) },
      drawn: { type: "string", default: "2000" },
    },
  });
  const threads = wholeNumber("threads", values.threads, 0);
  const drawn = wholeNumber("drawn", values.drawn, 2);
  const [records, pictures] = [sizesIn("records", values.records), sizesIn("pictures", values.pictures)];
  const config = JSON.parse(await readFile(join(MODEL, "config.json"), "utf8")) as UniPicConfig;
  console.log(machineLine("tar-stream", "sharp"));
  await withScratch(async (folder, signal) => {
    const bench = { folder, signal, threads };
    if (records.length > 0) await readSizes(bench, { latents: latentBytes(config) }, records);
    if (pictures.length > 0) await readSizes(bench, { picture: SIZE }, pictures);
    showRates("drawing on the fly, with captions", await drawingRates(drawn));
    showRates("decoding", await decodingRates(Math.ceil(drawn / 10)));
  });
});
