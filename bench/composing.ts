/**
 * What it costs a model that lays out prompts and changes things in their places (`layouts` and `mar.changed_pixels`) not to know which words name what and
 * where that goes or what becomes of it, where in a source it is, what is behind it, how it looks in a color or another pose, and how a picture does in another look: the losses of the tasks `layout` and
 * `changing`, each by itself, on scenes and edits of the whole picture world. `npm run bench:composing -- [model folder] [--batches N] [--json]`
 */
import { parseArgs } from "node:util";
import { modelFolder } from "../src/checkpoint/index.ts";
import { markdownTable } from "../src/evaluation/report.ts";
import { parseConfig, type UniPicConfig } from "../src/models/config.ts";
import { Scope } from "../src/nn/scope.ts";
import { DEFAULT_MODEL } from "../src/pipeline/load-folder.ts";
import { Random } from "../src/random.ts";
import type { Tensor } from "../src/tensor/index.ts";
import { Tokenizer } from "../src/text/index.ts";
import { type Batch, prefixed } from "../src/training/batches.ts";
import { changingInputs } from "../src/training/changing-inputs.ts";
import { traceChanging } from "../src/training/changing-loss.ts";
import { layoutInputs } from "../src/training/layout-inputs.ts";
import { traceLayout } from "../src/training/layout-loss.ts";
import { wholeNumber } from "./arguments.ts";
import { machineLine } from "./machine.ts";
import { compileModel } from "./model-program.ts";
import { run } from "./run.ts";

const BATCH = 32;
const SEED = 1;

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { batches: { type: "string", default: "8" }, json: { type: "boolean", default: false } },
  });
  const batches = wholeNumber("batches", values.batches, 1);
  const [folder = DEFAULT_MODEL] = positionals;
  const config = parseConfig((await modelFolder(folder)).config, folder);
  const tokenizer = await Tokenizer.fromFolder(folder);
  const random = new Random(SEED);
  const layout = config.layouts
    ? await meansOf(folder, { ...traceLayout(Scope.root(), config, BATCH) }, batches, () =>
        prefixed("layout", layoutInputs(config, tokenizer, BATCH, {}, random)),
      )
    : {};
  const changing = config.changes
    ? await meansOf(folder, { ...traceChanging(Scope.root(), config, BATCH) }, batches, () =>
        prefixed("changing", changingInputs(config, tokenizer, BATCH, {}, random)),
      )
    : {};
  const machine = machineLine("onnxruntime-node");
  const measured = { folder, samples: batches * BATCH, layout, changing };
  console.log(
    values.json ? JSON.stringify({ machine, ...measured }, null, 2) : `${machine}; ${tell(config, measured)}`,
  );
}

/** The means of scalars over batches. */
async function meansOf(
  folder: string,
  outputs: Record<string, Tensor>,
  batches: number,
  next: () => Batch,
): Promise<Record<string, number>> {
  const program = await compileModel(folder, outputs);
  const sums: Record<string, number> = {};
  for (let step = 0; step < batches; step++) {
    for (const [name, { data }] of Object.entries(await program.run(next()))) {
      sums[name] = (sums[name] ?? 0) + Number(data[0]) / batches;
    }
  }
  await program.release();
  return sums;
}

interface Measured {
  folder: string;
  samples: number;
  layout: Record<string, number>;
  changing: Record<string, number>;
}

/** What was measured, as text. */
function tell({ layouts, changes }: UniPicConfig, { folder, samples, layout, changing }: Measured): string {
  if (!layouts && !changes) return `${folder} draws everything at once and changes nothing in its place.`;
  const number = (value: number | undefined) => value?.toFixed(3) ?? "-";
  const columns = {
    "layouts: words and boxes": number(layout.naming),
    backgrounds: number(layout.clearing),
    "edits: words": number(changing.telling),
    "where things are": number(changing.finding),
    "where new things go": number(changing.placing),
    "what is behind them": number(changing.clearing),
    colors: number(changing.recoloring),
    poses: number(changing.posing),
    looks: number(changing.restyling),
  };
  const table = markdownTable(Object.keys(columns), [Object.values(columns)]);
  return `${folder}, ${samples} scenes and as many edits\n\n${table}`;
}

await run(main);
