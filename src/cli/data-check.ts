import type { Command } from "commander";
import type { BadSample } from "../data/sets/index.ts";
import { UserError } from "../errors.ts";
import { count, counted, DataReport } from "./data-report.ts";
import { interruptible } from "./interruptible.ts";
import { wholeNumberFor } from "./values.ts";

interface CheckCommandOptions {
  threads?: number;
  json?: boolean;
}

/** Bad samples that the JSON object names; a count goes on beyond them. */
const NAMED = 1000;

const EXAMPLES = `
Ends with exit code 1 where there are bad samples. Training leaves them out and names them too.

Examples:
  unipic data check holiday-pictures
  unipic data check data/world --json`;

/** `unipic data check`: all of a data set, and what is bad in it. */
export function registerCheck(data: Command): void {
  data
    .command("check")
    .description("Read all of a data set, decode every picture, and name what is bad.")
    .argument("<path>", "a folder of pictures with captions, of tar shards, or a shard")
    .option(
      "--threads <n>",
      "threads that decode pictures (default: one fewer than cores)",
      wholeNumberFor("--threads", 0, 256),
    )
    .option("--json", "print one JSON object in place of lines")
    .addHelpText("after", EXAMPLES)
    .action(check);
}

async function check(path: string, { threads, json }: CheckCommandOptions): Promise<void> {
  const { checkSet, defaultThreads, openSampleSet } = await import("../data/sets/index.ts");
  const set = await openSampleSet(path);
  const report = new DataReport("checked");
  const badSamples: BadSample[] = [];
  const result = await interruptible("Stopped; what was not read is not checked.", (signal) =>
    checkSet(set, {
      threads: threads ?? defaultThreads(),
      signal,
      onProgress: (progress) => report.progress(progress),
      onBad: (bad) => {
        if (json) {
          if (badSamples.length < NAMED) badSamples.push(bad);
          return;
        }
        report.end();
        console.log(`${bad.name}: ${bad.reason}`);
      },
    }),
  ).finally(() => report.end());
  if (json) console.log(JSON.stringify({ path, ...result, badSamples }));
  else {
    const kinds = Object.entries(result.kinds).map(([kind, number]) => `${count(number)} ${kind}`);
    console.log(`${counted(result.samples, "sample")} can be used${kinds.length > 0 ? `: ${kinds.join(", ")}` : ""}`);
  }
  if (result.bad === 0) return;
  throw new UserError(
    `${count(result.bad)} of ${counted(result.samples + result.bad, "sample")} in "${path}" ${result.bad === 1 ? "is" : "are"} bad.`,
  );
}
