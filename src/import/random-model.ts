/** Model folders of any preset's shape with random weights, for trying and measuring. */
import { byteLength, elementCount, type StreamedTensor } from "../checkpoint/index.ts";
import { allParameters } from "../models/all-parameters.ts";
import type { UniPicConfig } from "../models/config.ts";
import { generationConfig, officialSize } from "../models/generation.ts";
import { presetNamed } from "../models/presets.ts";
import { Random } from "../random.ts";
import { type Initializer, isParameter } from "../tensor/tensor.ts";
import { Tokenizer } from "../text/tokenizer.ts";
import { trainTokenizer } from "../text/train-tokenizer.ts";
import { noiseHead } from "./noise-head.ts";
import { encode, randomPieces, type Spread, type WeightType } from "./random-values.ts";
import { type WriteFolderOptions, writeModelFolder } from "./write-model-folder.ts";

export interface RandomModelOptions extends WriteFolderOptions {
  /** Default "unipic-1.5b". */
  preset?: string;
  /** The same seed gives the same files, byte for byte. Default 0. */
  seed?: number;
  /** Default BF16, as the official files have it. */
  type?: WeightType;
}

/** What was written. */
export interface RandomModelReport {
  preset: string;
  tensors: number;
  parameters: number;
  bytes: number;
  /** Tokens of the tokenizer; the embedding has more rows where the preset asks for them. */
  vocabulary: number;
  config: UniPicConfig;
}

/**
 * Writes a model folder with random weights. They start as training would start them, so that activations stay of a size; what would start
 * at zero and make whole parts do nothing is small instead, and a head that predicts noise starts as one that sees it (`noiseHead`), so
 * that samples stay of a size too.
 *
 * The tokenizer knows bytes, the words of the prompts and the special tokens. Where the preset has more rows in its embedding, the rest
 * have no text: what such a model answers is mostly unreadable, and empty.
 *
 * @throws UserError when there is no such preset, something at the folder's place already, or no room
 */
export async function writeRandomModel(
  folder: string,
  { preset = "unipic-1.5b", seed = 0, type = "BF16", ...options }: RandomModelOptions = {},
): Promise<RandomModelReport> {
  const config = presetNamed(preset);
  const tokenizer = trainTokenizer([], { vocabularySize: config.llm.vocab_size });
  const { vocabularySize: vocabulary } = new Tokenizer(tokenizer.tokenizer, tokenizer.config);
  const tensors = randomTensors(config, seed, type);
  const size = config.vae.type === "patch" ? config.mar.img_size : officialSize(config.mar);
  const generation = generationConfig(config, size);
  const card = randomCard(preset, seed, type);
  await writeModelFolder(folder, { config, generation, tokenizer, tensors, card }, options);
  const sum = (of: (tensor: StreamedTensor) => number) => tensors.reduce((total, tensor) => total + of(tensor), 0);
  return {
    preset,
    config,
    vocabulary,
    tensors: tensors.length,
    parameters: sum(({ shape }) => elementCount(shape)),
    bytes: sum(({ dtype, shape }) => byteLength(dtype, shape)),
  };
}

/** Random weights for everything that drawing, editing and describing ask for; each tensor's numbers depend on the seed and its name's place. */
export function randomTensors(config: UniPicConfig, seed: number, type: WeightType): StreamedTensor[] {
  const random = new Random(seed);
  const head =
    config.mar.prediction === "epsilon" ? noiseHead(config.mar, random.fork()) : new Map<string, Float32Array>();
  const parameters = [...allParameters(config)].sort(([a], [b]) => (a < b ? -1 : 1));
  return parameters.map(([name, tensor]) => {
    if (!isParameter(tensor)) throw new Error(`${name} is not a parameter.`);
    const shape = [...(tensor.shape as readonly number[])];
    const own = random.fork().save();
    const values = head.get(name);
    const spread = spreadOf(tensor.attributes.initial, shape);
    const pieces = () =>
      values ? [encode(values, type)] : randomPieces(elementCount(shape), spread, type, Random.restore(own));
    return { name, dtype: type, shape, pieces };
  });
}

/** Deviation of matrices that training starts at zero: they switch parts off, and a model that does nothing measures nothing. */
const SMALL = 0.01;

function spreadOf(initial: Initializer, shape: readonly number[]): Spread {
  switch (initial.kind) {
    case "normal":
      return { kind: "normal", scale: initial.deviation };
    case "uniform":
      return { kind: "uniform", scale: initial.limit };
    case "zeros":
      return shape.length > 1 ? { kind: "normal", scale: SMALL } : { kind: "constant", value: 0 };
    case "ones":
      return { kind: "constant", value: 1 };
    case "values":
      throw new Error("No weight of a model starts from given values.");
  }
}

function randomCard(preset: string, seed: number, type: WeightType): string {
  return [
    `# ${preset}, random weights`,
    "",
    `Made by \`unipic init --preset ${preset} --seed ${seed}\`, in ${type}. This model has learned nothing: it is for trying things out and for`,
    "measuring time and memory. Its tokenizer knows bytes, the words of the prompts and the special tokens; the other rows of the embedding",
    "have no text.",
    "",
  ].join("\n");
}
