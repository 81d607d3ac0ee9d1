import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { modelFolder, openCheckpoint, readJson, writeSafetensors } from "../checkpoint/index.ts";
import { askQuestion, caption, planEdit, planScene } from "../data/index.ts";
import type { BadSample } from "../data/sets/index.ts";
import type { UniPicConfig } from "../models/config.ts";
import { Random } from "../random.ts";
import type { Engine } from "../runtime/engine.ts";
import type { TokenizerJson } from "../text/tokenizer.ts";
import { trainTokenizer } from "../text/train-tokenizer.ts";
import { asTensors, readValues, writeWhole } from "./checkpoint.ts";
import { fitVae } from "./fit-vae.ts";
import type { Values } from "./parameters.ts";
import { drawPixels } from "./pixel-array.ts";
import { type DataProgress, mixturePictures, mixtureTexts, type PrepareDataOptions } from "./prepare-data.ts";
import type { TrainConfig } from "./train-config.ts";

/** What stands before the first stage: tokenizer, autoencoder, and the model's configuration that follows from them. */
export interface Prepared {
  config: UniPicConfig;
  tokenizer: TokenizerJson;
  tokenizerConfig: TokenizerJson;
  vae: Values;
}

export interface PrepareOptions {
  folder: string;
  train: TrainConfig;
  engine: Engine;
  /** A model folder to start from: its weights, its tokenizer and its autoencoder. */
  from?: string;
  signal?: AbortSignal;
  onVaeProgress?: (progress: { step: number; steps: number; psnr: number }) => void;
  onDataProgress?: (progress: DataProgress) => void;
  onBadSample?: (bad: BadSample) => void;
}

/**
 * Makes tokenizer and autoencoder, or takes them from the run's folder where an earlier start already made them, else from the model
 * that the run starts from: its weights mean nothing with others.
 */
export async function prepare(options: PrepareOptions): Promise<Prepared> {
  const { folder, train } = options;
  if (options.from !== undefined) await modelFolder(options.from);
  await mkdir(folder, { recursive: true });
  const { tokenizer, config: tokenizerConfig } = await prepareTokenizer(options);
  const vae = await prepareVae(options);
  const vocabulary = vocabularyOf(tokenizer);
  const config: UniPicConfig = {
    ...train.model,
    // A multiple of 64 suits matrix kernels and leaves a few rows for tokens added later.
    llm: { ...train.model.llm, vocab_size: Math.ceil(vocabulary / 64) * 64 },
  };
  await writeWhole(join(folder, "config.json"), `${JSON.stringify(config, null, 2)}\n`);
  return { config, tokenizer, tokenizerConfig, vae };
}

type TokenizerFiles = { tokenizer: TokenizerJson; config: TokenizerJson };

async function prepareTokenizer(options: PrepareOptions): Promise<TokenizerFiles> {
  const { folder, train, from } = options;
  const found = await readTokenizer(folder).catch(() => undefined);
  if (found) return found;
  const made = from
    ? await readTokenizer(from)
    : (trainTokenizer(await textsToRead(options), train.tokenizer) as TokenizerFiles);
  await writeWhole(join(folder, "tokenizer.json"), JSON.stringify(made.tokenizer));
  await writeWhole(join(folder, "tokenizer_config.json"), `${JSON.stringify(made.config, null, 2)}\n`);
  return made;
}

/** The texts of the run's data, or of the picture world. */
async function textsToRead(options: PrepareOptions): Promise<Iterable<string>> {
  const { data, seed, tokenizer } = options.train;
  const fromWorld = (samples: number) => worldTexts(new Random(seed), samples);
  return data ? mixtureTexts(data, tokenizer.samples, fromWorld, aboutData(options)) : fromWorld(tokenizer.samples);
}

const aboutData = ({ train, signal, onDataProgress, onBadSample }: PrepareOptions): PrepareDataOptions => ({
  seed: train.seed,
  signal,
  onProgress: onDataProgress,
  onBad: onBadSample,
});

export async function readTokenizer(folder: string): Promise<TokenizerFiles> {
  const names = ["tokenizer.json", "tokenizer_config.json"];
  const [tokenizer, config] = await Promise.all(names.map((name) => readJson(join(folder, name))));
  return { tokenizer, config };
}

/** Every kind of text that the model will read or write, from the whole world, held-out scenes among them. */
function* worldTexts(random: Random, samples: number): Generator<string> {
  for (let i = 0; i < samples; i++) {
    const scene = planScene(random, { heldOut: "any" });
    yield caption(random, scene);
    const { question, answer } = askQuestion(random, scene);
    yield `${question}\n${answer}`;
    if (i % 4 === 0) yield planEdit(random, { heldOut: "any" }).instruction;
  }
}

function vocabularyOf(tokenizer: TokenizerJson): number {
  const { vocab } = tokenizer.model as { vocab: Record<string, number> };
  const added = (tokenizer.added_tokens ?? []) as { id: number }[];
  return Math.max(...Object.values(vocab), ...added.map(({ id }) => id)) + 1;
}

async function prepareVae(options: PrepareOptions): Promise<Values> {
  const { folder, train, engine, from, signal, onVaeProgress } = options;
  const path = join(folder, "vae.safetensors");
  const found = await openCheckpoint(path).catch(() => undefined);
  if (found) {
    await found.close();
    return readValues(path);
  }
  if (from) {
    const weights: Values = new Map([...(await readValues(from))].filter(([name]) => name.startsWith("vae.")));
    await writeSafetensors(path, asTensors(weights));
    return weights;
  }
  const { vae } = train.model;
  if (vae.type !== "patch") {
    throw new Error("Only the patch autoencoder is fitted here; give a KL autoencoder's weights as vae.safetensors.");
  }
  const size = train.model.mar.img_size;
  const { scenes, ...fitting } = train.vae;
  const pictures = train.data
    ? await mixturePictures(train.data, size, scenes, aboutData(options))
    : async (random: Random, count: number) =>
        drawPixels(
          Array.from({ length: count }, () => planScene(random, scenes)),
          size,
        );
  const { weights, psnr } = await fitVae(engine, {
    ...fitting,
    config: vae,
    size,
    seed: train.seed,
    pictures,
    signal,
    onProgress: onVaeProgress,
  });
  await writeSafetensors(path, asTensors(weights), { psnr: psnr.toFixed(2) });
  return weights;
}
