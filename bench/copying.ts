/**
 * How much of a source picture reaches the decoder's conditions when a model edits, the loss of repeating a picture beside that of changing it, and
 * by what mean square the tokens that a model with `source_tokens` says become of the source's are off, and what it costs one with `source_pixels` not
 * to know what becomes of which pixel and what it paints to be off (nats a number; see models/keeping.ts), and one with `placed_pixels` not to know
 * where something goes and which words name what is new (models/placing.ts, naming.ts).
 * `npm run bench:copying -- [model folder] [--batches N] [--json]`
 *
 * Edits of all nine types in the whole picture world. What "is there" is the share of the variance of the source's tokens that a linear map
 * reads, fitted to three quarters of the tokens and measured on the last: in what the encoder makes of the source, and in the conditions by
 * which the decoder has the head repeat it, at hidden places. A head that is not shown the source (`source_tokens`) cannot copy what is not there.
 */
import { parseArgs } from "node:util";
import { CholeskyDecomposition, Matrix } from "ml-matrix";
import { markdownTable } from "../src/evaluation/report.ts";
import { DEFAULT_MODEL } from "../src/pipeline/load-folder.ts";
import type { HostArray } from "../src/tensor/dtype.ts";
import { type Batch, makeBatch } from "../src/training/batches.ts";
import { wholeNumber } from "./arguments.ts";
import { type OpenDrawing, openDrawing } from "./drawing-program.ts";
import { machineLine } from "./machine.ts";
import { rowsOf } from "./model-program.ts";
import { run } from "./run.ts";

const BATCH = 64;
const SEED = 1;
/** Of the tokens the map is fitted to so many, and measured on the rest. */
const FITTED = 3 / 4;
/** Added to the diagonal before a map is solved for, as a share of its mean. */
const RIDGE = 1e-4;

/** What is read from, and what is to be read. */
type Pair = readonly [Float32Array, Float32Array];

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { batches: { type: "string", default: "16" }, json: { type: "boolean", default: false } },
  });
  const batches = wholeNumber("batches", values.batches, 1);
  const [folder = DEFAULT_MODEL] = positionals;
  const editing = await openDrawing(folder, "editing", BATCH);
  const changing = await measureChanging(editing, batches);
  const repeating = await measureRepeating(editing, batches);
  await editing.release();
  const machine = machineLine("onnxruntime-node");
  const results = { edits: batches * BATCH, ...changing, ...repeating };
  if (values.json) return console.log(JSON.stringify({ machine, folder, ...results }, null, 2));
  console.log(`${machine}; ${folder}, ${results.edits} edits, and as many pictures to repeat\n`);
  const number = (value: number | undefined) => value?.toFixed(3) ?? "-";
  const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
  const columns = {
    "loss of changing": number(changing.changing),
    "changed tokens off by": number(changing.off),
    "loss of keeping": number(changing.keeping),
    "of painting": number(changing.painting),
    "of placing": number(changing.placing),
    "of naming": number(changing.naming),
    "loss of repeating": number(repeating.repeating),
    "there in the encoder's states": percent(repeating.encoded),
    "in the decoder's conditions": percent(repeating.condition),
  };
  console.log(markdownTable(Object.keys(columns), [Object.values(columns)]));
}

const batchOf = ({ config, tokenizer, stage }: OpenDrawing, repeats: number, step: number): Batch =>
  makeBatch(config, tokenizer, { ...stage, repeats }, SEED, step);

const scalar = ({ data }: HostArray): number => (data as Float32Array)[0];

/** What edits have losses of beside the head's. */
const OWN = ["keeping", "painting", "placing", "naming"] as const;

/** The loss where something is to be changed; by how much what becomes of the source's tokens is off, and the losses of its pixels, if the model says that. */
async function measureChanging(
  editing: OpenDrawing,
  batches: number,
): Promise<{ changing: number; off?: number } & Partial<Record<(typeof OWN)[number], number>>> {
  const seen: Record<string, HostArray>[] = [];
  for (let step = 0; step < batches; step++) seen.push(await editing.run(batchOf(editing, 0, step)));
  const meanOf = (name: string) => (name in seen[0] ? mean(seen.map((results) => scalar(results[name]))) : undefined);
  const own = Object.fromEntries(OWN.map((name) => [name, meanOf(name)]));
  return { changing: meanOf("loss")!, off: meanOf("change"), ...own };
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

/** Where a picture is only to be repeated its target is its source, so that the target's tokens are the source's, too. */
async function measureRepeating(
  editing: OpenDrawing,
  batches: number,
): Promise<Record<"repeating" | "encoded" | "condition", number>> {
  const losses: number[] = [];
  const states: Pair[] = [];
  const conditions: Pair[] = [];
  for (let step = 0; step < batches; step++) {
    const batch = batchOf(editing, 1, step);
    const results = await editing.run(batch);
    losses.push(scalar(results.loss));
    const [tokens, encoded, condition] = [results.tokens, results.encoded, results.condition].map(rowsOf);
    const hidden = new Set(batch["editing.predicted"].data as BigInt64Array);
    tokens.forEach((token, row) => {
      states.push([encoded[row], token]);
      if (hidden.has(BigInt(row))) conditions.push([condition[row], token]);
    });
  }
  return { repeating: mean(losses), encoded: shareRead(states), condition: shareRead(conditions) };
}

/** Share of the variance of the pairs' second numbers that a linear map of the first explains where it was not fitted. */
function shareRead(pairs: readonly Pair[]): number {
  const fitted = Math.floor(FITTED * pairs.length);
  const matrixOf = (part: readonly Pair[], which: 0 | 1) => new Matrix(part.map((pair) => Array.from(pair[which])));
  const readOf = (part: readonly Pair[]) => {
    const read = matrixOf(part, 0);
    return read.addColumn(read.columns, new Array<number>(read.rows).fill(1));
  };
  const [read, wanted] = [readOf(pairs.slice(0, fitted)), matrixOf(pairs.slice(0, fitted), 1)];
  const gram = read.transpose().mmul(read);
  const ridge = (RIDGE * gram.trace()) / gram.columns;
  for (let i = 0; i < gram.columns; i++) gram.set(i, i, gram.get(i, i) + ridge);
  const map = new CholeskyDecomposition(gram).solve(read.transpose().mmul(wanted));
  const rest = pairs.slice(fitted);
  const truth = matrixOf(rest, 1);
  const missed = Matrix.sub(truth, readOf(rest).mmul(map));
  return 1 - missed.norm("frobenius") ** 2 / truth.center("column").norm("frobenius") ** 2;
}

await run(main);
