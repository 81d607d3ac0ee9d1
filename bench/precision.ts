/**
 * What a precision costs and gains, side by side in one run: the size of a model folder, the errors of its parts, the reader's scores on the
 * same prompts, seeds, pictures and edits, and the time of drawing; then three blocks at the official model's size with random weights.
 * `npm run bench:precision -- [FOLDER] [--measure quality,blocks] [--only fp32,int8] [--count N] [--json]`
 */
import { join } from "node:path";
import { parseArgs } from "node:util";
import { drawScene, planScene } from "../src/data/index.ts";
import { UserError } from "../src/errors.ts";
import { asArtist } from "../src/evaluation/artist.ts";
import { Autoencoder } from "../src/evaluation/autoencoder.ts";
import { Detector } from "../src/evaluation/detector/detector.ts";
import { meanOf, showPercent } from "../src/evaluation/estimate.ts";
import { markdownTable } from "../src/evaluation/report.ts";
import { objects } from "../src/evaluation/suites/objects.ts";
import type { Score } from "../src/evaluation/suites/suite.ts";
import { picture } from "../src/image/picture.ts";
import { UniPic } from "../src/pipeline/unipic.ts";
import { quantizeFolder } from "../src/quantization/folder.ts";
import { PRECISIONS, type Precision, parsePrecision, partPrecisions } from "../src/quantization/precision.ts";
import { type QuantizationReport, showError } from "../src/quantization/report.ts";
import { Random } from "../src/random.ts";
import { nodeEngine } from "../src/runtime/node.ts";
import { wholeNumber } from "./arguments.ts";
import { machineLine } from "./machine.ts";
import { measureBlocks, showBlocks } from "./precision-blocks.ts";
import { run } from "./run.ts";
import { withFolder } from "./scratch.ts";

interface Scored {
  precision: Precision;
  report: QuantizationReport;
  scores: Score[];
  /** What was read in the pictures that the suite shows, described of them and made of edits, to count what came out differently. */
  outcomes: string[];
  /** Seconds of one picture, the best of several. */
  seconds: number;
}

const MEASURES = ["quality", "blocks"];
const SIDE = 64;
const PROMPT = "a red car on the grass";
/** Pictures that are timed; precisions take turns, so that a busy machine is busy for all. */
const TIMED = 7;

async function scorePrecisions(source: string, precisions: readonly Precision[], count: number): Promise<Scored[]> {
  return withFolder(async (scratch) => {
    const scene = planScene(new Random(1), { tasks: ["colors"], objects: ["car"] });
    const sample = { prompt: PROMPT, picture: picture(SIDE, SIDE, drawScene(scene, SIDE)) };
    const [reader, autoencoder] = await Promise.all([Detector.load(), Autoencoder.load(nodeEngine, source)]);
    const found: (Scored & { model: UniPic })[] = [];
    for (const precision of precisions) {
      const folder = join(scratch, precision);
      const report = await quantizeFolder(source, folder, { precisions: partPrecisions(precision), sample });
      const model = await UniPic.load(folder);
      const artist = asArtist(model);
      const { result, exhibits } = await objects.run({ artist, reader, autoencoder, seed: 1, count });
      const outcomes = exhibits.map(({ outcome }) => outcome);
      found.push({ precision, report, scores: result.scores, outcomes, seconds: Number.POSITIVE_INFINITY, model });
      process.stderr.write(`${precision} scored\n`);
    }
    for (let round = 0; round < TIMED; round++) {
      for (const each of found) {
        const start = performance.now();
        await each.model.generate(PROMPT, { seed: round });
        each.seconds = Math.min(each.seconds, (performance.now() - start) / 1000);
      }
    }
    await Promise.all([...found.map(({ model }) => model.release()), reader.release(), autoencoder.release()]);
    return found.map(({ model: _, ...scored }) => scored);
  });
}

function showScored(found: readonly Scored[]): string {
  const [first] = found;
  const row = (label: string, cell: (each: Scored) => string) => [label, ...found.map(cell)];
  const parts = first.report.parts.map(({ part }) => part);
  const worst = ({ report }: Scored, part: string) => {
    const { errors } = report.parts.find((each) => each.part === part)!;
    return errors.length === 0 ? "-" : showError(Math.max(...errors.map(({ error }) => error)));
  };
  const rows = [
    row("size of the weights", ({ report }) => `${(report.after / 1e6).toFixed(2)} MB`),
    ...parts.map((part) => row(`error of ${part}`, (each) => worst(each, part))),
    ...first.scores.map(({ test, right }, i) => row(`${test}: ${right}`, ({ scores }) => showPercent(scores[i].value))),
    row("all scores together", ({ scores }) => showPercent(meanOf(scores.map(({ value }) => value)))),
    row("read or said otherwise than with the first", ({ outcomes }) => {
      const changed = outcomes.filter((outcome, i) => outcome !== first.outcomes[i]).length;
      return `${changed} of ${outcomes.length}`;
    }),
    row("seconds a picture", ({ seconds }) => seconds.toFixed(3)),
  ];
  return markdownTable(["", ...found.map(({ precision }) => precision)], rows);
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      count: { type: "string", default: "200" },
      only: { type: "string", default: PRECISIONS.join(",") },
      measure: { type: "string", default: MEASURES.join(",") },
      json: { type: "boolean", default: false },
    },
  });
  if (positionals.length > 1) throw new UserError(`Give one model folder, not ${positionals.length}.`);
  const [source = "models/unipic-mini"] = positionals;
  const precisions = values.only.split(",").map(parsePrecision);
  const count = wholeNumber("count", values.count, 1);
  const measures = values.measure.split(",");
  const odd = measures.find((name) => !MEASURES.includes(name));
  if (odd !== undefined) throw new UserError(`--measure takes ${MEASURES.join(" and ")}, not "${odd}".`);
  const scored = measures.includes("quality") ? await scorePrecisions(source, precisions, count) : [];
  const machine = machineLine("onnxruntime-node");
  if (!values.json) console.log(`${machine}\n`);
  if (!values.json && scored.length > 0) console.log(`${source}\n\n${showScored(scored)}\n`);
  const blocks = measures.includes("blocks") ? await measureBlocks() : [];
  if (values.json) console.log(JSON.stringify({ machine, source, count, scored, blocks }, null, 2));
  else if (blocks.length > 0) console.log(showBlocks(blocks));
}

await run(main);
