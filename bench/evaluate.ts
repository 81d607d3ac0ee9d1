/**
 * Scores a model on the picture world: `npm run evaluate -- [FOLDER] [--seed N] [--count N] [--json] [--sheet FILE.png] ...`.
 * Prints a table; Ctrl-C stops it.
 */
import { readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { cpus, totalmem } from "node:os";
import { parseArgs } from "node:util";
import { UserError } from "../src/errors.ts";
import { asArtist, type DrawSettings } from "../src/evaluation/artist.ts";
import { Autoencoder } from "../src/evaluation/autoencoder.ts";
import { runBenchmark } from "../src/evaluation/benchmark.ts";
import { Reader } from "../src/evaluation/reader/reader.ts";
import { formatReport } from "../src/evaluation/report.ts";
import { exhibitSheet } from "../src/evaluation/sheet.ts";
import type { SamplingPreset } from "../src/pipeline/presets.ts";
import { UniPic } from "../src/pipeline/unipic.ts";
import { parseDevice } from "../src/runtime/device.ts";
import { nodeEngine } from "../src/runtime/node.ts";
import { positiveNumber, wholeNumber } from "./arguments.ts";
import { run } from "./run.ts";

const USAGE = `npm run evaluate -- [FOLDER] [options]

  FOLDER                the model; models/unipic-mini otherwise
  --seed N              of tasks and pictures (1)
  --count N             prompts to draw (200)
  --descriptions N      pictures to describe (200)
  --edits N             edits of each kind (50)
  --preset NAME         how the model draws: exact or fast (exact)
  --rounds N, --steps N, --guidance X, --temperature X
                        in particular; the preset's otherwise
  --device NAME         cpu, webgpu or cuda (cpu)
  --threads N           on the processor; all cores otherwise
  --reader FOLDER       the reader (models/reader)
  --sheet FILE.png      writes the pictures with what was asked and what was read
  --json                prints the result as JSON instead of a table`;

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      seed: { type: "string", default: "1" },
      count: { type: "string", default: "200" },
      descriptions: { type: "string", default: "200" },
      edits: { type: "string", default: "50" },
      preset: { type: "string", default: "exact" },
      rounds: { type: "string" },
      steps: { type: "string" },
      guidance: { type: "string" },
      temperature: { type: "string" },
      device: { type: "string", default: "cpu" },
      threads: { type: "string" },
      reader: { type: "string", default: "models/reader" },
      sheet: { type: "string" },
      json: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return console.log(USAGE);
  if (positionals.length > 1) throw new UserError(`Give one model folder, not ${positionals.length}.`);
  const [folder = "models/unipic-mini"] = positionals;
  const seed = wholeNumber("seed", values.seed, 0);
  const settings: DrawSettings = {
    // One that there is not is refused before anything is drawn.
    preset: values.preset as SamplingPreset,
    ...(values.rounds === undefined ? {} : { rounds: wholeNumber("rounds", values.rounds, 1) }),
    ...(values.steps === undefined ? {} : { steps: wholeNumber("steps", values.steps, 1) }),
    ...(values.guidance === undefined ? {} : { guidance: positiveNumber("guidance", values.guidance) }),
    ...(values.temperature === undefined ? {} : { temperature: positiveNumber("temperature", values.temperature) }),
  };
  const device = parseDevice(values.device);
  const threads = values.threads === undefined ? undefined : wholeNumber("threads", values.threads, 1);
  const [prompts, descriptions, edits] = (["count", "descriptions", "edits"] as const).map((name) =>
    wholeNumber(name, values[name], 0),
  );

  const stop = new AbortController();
  process.once("SIGINT", () => stop.abort(new UserError("Stopped.")));
  const [model, reader, autoencoder] = await Promise.all([
    UniPic.load(folder, { device, threads }),
    Reader.load(values.reader, { threads }),
    Autoencoder.load(nodeEngine, folder, threads),
  ]);
  const start = performance.now();
  const { result, exhibits } = await runBenchmark({
    artist: asArtist(model, settings),
    reader,
    autoencoder,
    seed,
    prompts,
    descriptions,
    edits,
    signal: stop.signal,
    onProgress: ({ test, done, total }) => {
      // On a line of its own and apart from the result, which may be piped into a file.
      if (process.stderr.isTTY) process.stderr.write(`\r${test} ${done}/${total}   ${done === total ? "\n" : ""}`);
    },
  });
  const seconds = (performance.now() - start) / 1000;
  const facts = { model: folder, seed, settings, device, threads: threads ?? "all", seconds, ...environment() };
  if (values.sheet !== undefined) await writeFile(values.sheet, await exhibitSheet(exhibits));
  if (values.json) {
    console.log(JSON.stringify({ ...facts, ...result }, null, 2));
  } else {
    console.log(`${formatReport(result)}\n`);
    for (const [name, value] of Object.entries(facts)) {
      console.log(`${name.padEnd(10)}${typeof value === "object" ? JSON.stringify(value) : value}`);
    }
  }
  await Promise.all([model.release(), reader.release(), autoencoder.release()]);
}

/** The machine and the versions that a score depends on. */
function environment() {
  const require = createRequire(import.meta.url);
  const version = (path: string) => (JSON.parse(readFileSync(path, "utf8")) as { version: string }).version;
  const cores = cpus();
  return {
    machine: `${cores[0]?.model ?? "unknown processor"}, ${cores.length} cores, ${Math.round(totalmem() / 2 ** 30)} GiB`,
    system: `${process.platform} ${process.arch}, Node ${process.version}`,
    versions: {
      unipic: version(require.resolve("../package.json")),
      "onnxruntime-node": version(require.resolve("onnxruntime-node/package.json")),
    },
  };
}

await run(main);
