import type { Command } from "commander";
import type { SetStats, Spread } from "../data/sets/index.ts";
import { count, counted, DataReport } from "./data-report.ts";
import { interruptible } from "./interruptible.ts";
import { wholeNumberFor } from "./values.ts";

interface StatsCommandOptions {
  size: number;
  json?: boolean;
}

const EXAMPLES = `
Examples:
  unipic data stats holiday-pictures
  unipic data stats data/world --json`;

/** `unipic data stats`: what a data set holds. */
export function registerStats(data: Command): void {
  data
    .command("stats")
    .description("Sum up a data set: kinds, pictures, lengths of texts, and how fast it is read.")
    .argument("<path>", "a folder of pictures with captions, of tar shards, or a shard")
    .option("--size <n>", "side in pixels at which decoding is timed", wholeNumberFor("--size", 8, 4096), 64)
    .option("--json", "print one JSON object")
    .addHelpText("after", EXAMPLES)
    .action(stats);
}

async function stats(path: string, { size, json }: StatsCommandOptions): Promise<void> {
  const { openSampleSet, setStats } = await import("../data/sets/index.ts");
  const set = await openSampleSet(path);
  const report = new DataReport("read");
  const found = await interruptible("Stopped; there are no sums of a part.", (signal) =>
    setStats(set, { size, signal, onProgress: (progress) => report.progress(progress) }),
  ).finally(() => report.end());
  console.log(json ? JSON.stringify(found) : showStats(found));
}

function showStats({
  path,
  form,
  shards,
  samples,
  bad,
  kinds,
  tasks,
  pictures,
  texts,
  reading,
  decoding,
}: SetStats): string {
  const place = form === "shards" ? ` in ${counted(shards, "shard")}` : "";
  const list = (counts: Readonly<Record<string, number>>) =>
    Object.entries(counts)
      .map(([name, number]) => `${count(number)} ${name}`)
      .join(", ");
  const megabytes = pictures.bytes / 1e6;
  const lines = [
    `${path}: ${counted(samples, "sample")}${place}${bad > 0 ? `, and ${counted(bad, "bad one")} (unipic data check names them)` : ""}`,
    `kinds       ${list(kinds) || "none"}`,
    `serves      ${list(tasks) || "nothing"}`,
    `pictures    ${list(pictures.formats) || "none"}, ${megabytes.toFixed(1)} MB`,
  ];
  if (pictures.width && pictures.height) {
    lines.push(`width       ${showSpread(pictures.width)} pixels`, `height      ${showSpread(pictures.height)} pixels`);
  }
  for (const [name, { count: number, characters, words }] of Object.entries(texts)) {
    lines.push(`${name.padEnd(12)}${count(number)}: ${showSpread(characters)} characters, ${showSpread(words)} words`);
  }
  lines.push(`read at     ${count(reading.samplesPerSecond)} samples/s without decoding, one thread`);
  if (decoding) {
    const { picturesPerSecond, size } = decoding;
    lines.push(
      `decoded at  ${count(picturesPerSecond)} pictures/s to ${size}x${size}, one thread (${decoding.pictures} tried)`,
    );
  }
  return lines.join("\n");
}

const showSpread = ({ least, median, percentile95, most }: Spread): string =>
  least === most
    ? `${count(least)}`
    : `${count(least)} to ${count(most)} (median ${count(median)}, 95 % up to ${count(percentile95)})`;
