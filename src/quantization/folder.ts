import { copyFile, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import {
  modelFolder,
  openCheckpoint,
  parseQuantization,
  type Quantization,
  writeSharded,
} from "../checkpoint/index.ts";
import { writeFolder } from "../checkpoint/staged-folder.ts";
import { UserError } from "../errors.ts";
import { type Picture, toModelRange } from "../image/picture.ts";
import { prepareForEditing, prepareForUnderstanding } from "../image/prepare.ts";
import { nativeSide, parseConfig, type UniPicConfig } from "../models/config.ts";
import { checkpointWeights } from "../pipeline/weights.ts";
import { nodeEngine } from "../runtime/node.ts";
import { hostArray } from "../tensor/dtype.ts";
import { generationPrompt } from "../text/prompts.ts";
import { Tokenizer } from "../text/tokenizer.ts";
import { convertedTensors } from "./convert.ts";
import { measureErrors, type StageError } from "./measure.ts";
import { type PlannedWeight, planWeights } from "./plan.ts";
import type { PartPrecisions } from "./precision.ts";
import { cardSection, type QuantizationReport, reportOf } from "./report.ts";
import type { StageInputs } from "./stages.ts";

/** A shard's size where none is asked for. */
export const SHARD_BYTES = 2e9;
/** Room for everything but the weights, in bytes. */
const SMALL_FILES = 64 * 2 ** 20;

export interface QuantizeOptions {
  precisions: PartPrecisions;
  /** Longest file of weights, in bytes; a larger tensor has a file of its own. */
  maxShardBytes?: number;
  /** What the errors are measured on; without it they are not measured. */
  sample?: { prompt: string; picture: Picture };
  threads?: number;
  signal?: AbortSignal;
  /** `done` of `total` bytes read while writing, of stages run while measuring. */
  onProgress?: (at: { doing: "writing" | "measuring"; done: number; total: number }) => void;
}

/**
 * Writes a model folder with its weights in other precisions, tensor by tensor: memory is bounded by the largest tensor. The folder is
 * there whole or not at all.
 *
 * @throws UserError when the source is no model folder or quantised already, a part cannot have its precision, or there is something at
 *   `output` or no room for it
 */
export async function quantizeFolder(
  source: string,
  output: string,
  options: QuantizeOptions,
): Promise<QuantizationReport> {
  const folder = await modelFolder(source);
  const where = join(source, "config.json");
  const config = parseConfig(folder.config, where);
  if (parseQuantization(folder.config, where)) {
    throw new UserError(`The model in "${source}" is quantised already; start from the model that it was made from.`);
  }
  const reader = await openCheckpoint(folder.weights);
  try {
    const plan = planWeights(reader, config, options.precisions);
    const sample = options.sample && (await sampleInputs(source, config, options.sample));
    const bytes = plan.reduce((sum, { after }) => sum + after, SMALL_FILES);
    return await writeFolder(output, bytes, async (staging) => {
      await copyBesides(source, staging);
      const total = plan.reduce((sum, weight) => sum + readings(weight) * weight.before, 0);
      let done = 0;
      const tensors = convertedTensors(reader, plan, ({ before }) => {
        options.signal?.throwIfAborted();
        options.onProgress?.({ doing: "writing", done, total });
        done += before;
      });
      await writeSharded(staging, tensors, options.maxShardBytes ?? SHARD_BYTES);
      options.signal?.throwIfAborted();
      await writeConfig(staging, folder.config, plan);
      const errors = sample ? await measure(dirname(folder.weights), staging, plan, sample, options) : [];
      const report = reportOf(plan, options.precisions, errors);
      await writeCard(source, staging, report);
      return report;
    });
  } finally {
    await reader.close();
  }
}

/** How often a weight is read: a quantised one for its scales, then for its numbers. */
const readings = ({ to }: PlannedWeight): number => (to === "int8" || to === "int4" ? 2 : 1);

async function measure(
  source: string,
  staging: string,
  plan: readonly PlannedWeight[],
  sample: StageInputs,
  { threads, signal, onProgress }: QuantizeOptions,
): Promise<StageError[]> {
  const changed = new Set(plan.flatMap(({ part, from, to }) => (part && from !== to ? [part] : [])));
  const [reference, candidate] = await Promise.all([source, staging].map(openWeights));
  return measureErrors(sample, reference, candidate, {
    engine: nodeEngine,
    threads,
    parts: changed,
    signal,
    onProgress: (done, total) => onProgress?.({ doing: "measuring", done, total }),
  });
}

async function openWeights(folder: string) {
  const reader = await openCheckpoint(folder);
  await reader.close();
  return { folder, weights: checkpointWeights(reader) };
}

async function sampleInputs(
  folder: string,
  config: UniPicConfig,
  { prompt, picture }: { prompt: string; picture: Picture },
): Promise<StageInputs> {
  const side = nativeSide(config.mar);
  const pixels = (prepared: Picture) =>
    hostArray("float32", [1, 3, prepared.height, prepared.width], toModelRange(prepared));
  const tokenizer = await Tokenizer.fromFolder(folder);
  return {
    config,
    ids: tokenizer.encode(generationPrompt(prompt)),
    pixels: pixels(prepareForEditing(picture, config.mar.img_size)),
    seen: pixels(prepareForUnderstanding(picture, config.siglip2.image_size)),
    grid: [side, side],
    seed: 1,
  };
}

/** Tokenizer, settings, licences: what belongs to a model besides its weights and configuration. */
const BESIDES = /\.(json|txt|jinja|model)$|^(LICENSE|NOTICE)/i;
const WRITTEN_ANEW = /^(config\.json|.*\.index\.json)$/;

async function copyBesides(source: string, staging: string): Promise<void> {
  for (const name of await readdir(source)) {
    if (name.startsWith(".") || !BESIDES.test(name) || WRITTEN_ANEW.test(name)) continue;
    if ((await stat(join(source, name))).isFile()) await copyFile(join(source, name), join(staging, name));
  }
}

async function writeConfig(
  staging: string,
  config: Record<string, unknown>,
  plan: readonly PlannedWeight[],
): Promise<void> {
  const parts: Quantization["parts"] = {};
  for (const { part, to } of plan) if (part && (to === "int8" || to === "int4")) parts[part] = to;
  const quantization: Quantization = { version: 1, parts };
  const full = Object.keys(parts).length > 0 ? { ...config, quantization } : config;
  await writeFile(join(staging, "config.json"), `${JSON.stringify(full, null, 2)}\n`);
}

/** The model's card, with a section about its precision. */
async function writeCard(source: string, staging: string, report: QuantizationReport): Promise<void> {
  const card = await readFile(join(source, "README.md"), "utf8").catch(() => `# ${basename(resolve(source))}\n`);
  await writeFile(join(staging, "README.md"), `${card.trimEnd()}\n\n${cardSection(basename(resolve(source)), report)}`);
}
