import { stat } from "node:fs/promises";
import { extname } from "node:path";
import type { Command } from "commander";
import type { PartSummary } from "../checkpoint/parts.ts";
import { UserError } from "../errors.ts";
import type { UniPicConfig } from "../models/config.ts";
import type { TaskState } from "../models/task-needs.ts";
import { modelFolderOf } from "./model-options.ts";
import { showEntries } from "./provenance.ts";
import { partRow, showTask, table } from "./tables.ts";

/** What is known of a checkpoint; configuration, vocabulary and tasks only where it is a model folder. */
export interface CheckpointInfo {
  path: string;
  parts: PartSummary[];
  absent: string[];
  tensors: number;
  parameters: number;
  bytes: number;
  config?: UniPicConfig;
  /** Tokens of the tokenizer; the embedding may have more rows. */
  vocabulary?: number;
  tasks?: TaskState[];
}

const EXAMPLES = `
Examples:
  unipic info
  unipic info models/mine --json
  unipic info pytorch_model.bin
  unipic info unipic.png                what a picture says about where it comes from`;

/** `unipic info`: what a checkpoint contains. */
export function registerInfo(program: Command): void {
  program
    .command("info")
    .description(
      "Say what a checkpoint contains: parts, parameters, and what it can do; or where a picture comes from.",
    )
    .argument(
      "[model]",
      "a model folder, a .safetensors, .bin, .ckpt, .pt or .pth file, or a .png picture (default: the package's model)",
    )
    .option("--json", "print one JSON object")
    .addHelpText("after", EXAMPLES)
    .action(info);
}

async function info(model: string | undefined, { json }: { json?: boolean }): Promise<void> {
  if (model !== undefined && extname(model).toLowerCase() === ".png") return pictureInfo(model, json);
  const found = await inspectCheckpoint(await modelFolderOf({ model }));
  console.log(json ? JSON.stringify(found) : showInfo(found));
}

async function pictureInfo(path: string, json = false): Promise<void> {
  const { readPicture, readPictureText } = await import("../image/codec.ts");
  const { width, height } = await readPicture(path);
  const entries = await readPictureText(path);
  console.log(json ? JSON.stringify({ path, width, height, entries }) : showEntries(path, entries));
}

const PICTURE_ENDINGS = [".png", ".jpg", ".jpeg", ".webp", ".gif", ".avif"];

/** Looks at a model folder or a single file of weights. */
async function inspectCheckpoint(path: string): Promise<CheckpointInfo> {
  const { listTensors, PART_NAMES, summarizeParts } = await import("../checkpoint/parts.ts");
  const place = await stat(path).catch(() => undefined);
  if (!place) throw new UserError(`There is no model folder or file at "${path}".`);
  if (PICTURE_ENDINGS.includes(extname(path).toLowerCase())) {
    throw new UserError(`"${path}" is a picture, not a checkpoint; unipic describe looks at pictures.`);
  }
  const folder = place.isDirectory() ? await inspectFolder(path) : undefined;
  const tensors = await listTensors(folder?.weights ?? path);
  const parts = summarizeParts(tensors);
  const total = (of: (part: PartSummary) => number) => parts.reduce((sum, part) => sum + of(part), 0);
  const found = {
    path,
    parts,
    absent: PART_NAMES.filter((name) => !parts.some(({ part }) => part === name)),
    tensors: tensors.length,
    parameters: total(({ parameters }) => parameters),
    bytes: total(({ bytes }) => bytes),
  };
  if (!folder) return found;
  const { taskStates } = await import("../models/task-needs.ts");
  const shapes = new Map(tensors.map(({ name, shape }) => [name, shape]));
  const { config, vocabulary } = folder;
  return { ...found, config, vocabulary, tasks: taskStates(config, shapes) };
}

async function inspectFolder(path: string): Promise<{ weights: string; config: UniPicConfig; vocabulary: number }> {
  const [{ modelFolder }, { parseConfig }, { Tokenizer }] = await Promise.all([
    import("../checkpoint/index.ts"),
    import("../models/config.ts"),
    import("../text/tokenizer.ts"),
  ]);
  const folder = await modelFolder(path);
  const config = parseConfig(folder.config, `${path}/config.json`);
  const { vocabularySize } = await Tokenizer.fromFolder(path);
  return { weights: folder.weights, config, vocabulary: vocabularySize };
}

function showInfo({ path, parts, absent, config, vocabulary, tasks = [], ...all }: CheckpointInfo): string {
  const rows = [...parts, { part: "all", precision: "", dtypes: [], ...all }].map(partRow);
  return [
    path,
    "",
    ...(config ? [...showConfig(config, vocabulary), ""] : []),
    ...table([["part", "tensors", "parameters", "size", "precision", "types"], ...rows]),
    ...(absent.length > 0 ? [`not there: ${absent.join(", ")}`] : []),
    ...(tasks.length > 0 ? ["", ...tasks.map(showTask)] : []),
  ].join("\n");
}

function showConfig({ llm, mar, vae, siglip2 }: UniPicConfig, vocabulary?: number): string[] {
  const side = mar.img_size / (mar.vae_stride * mar.patch_size);
  const depth = `${mar.encoder_depth} + ${mar.decoder_depth} blocks, width ${mar.encoder_embed_dim}`;
  return table([
    [
      "pictures",
      `${mar.img_size}x${mar.img_size} pixels, ${side}x${side} tokens, seen at ${siglip2.image_size}x${siglip2.image_size}`,
    ],
    ["language model", `Qwen2, ${llm.num_hidden_layers} layers, width ${llm.hidden_size}`],
    ["vocabulary", `${vocabulary} tokens, ${llm.vocab_size} rows in the embedding`],
    ["MAR", `${depth}, ${mar.buffer_size} buffer tokens`],
    ["diffusion head", `${mar.diffloss_d} blocks, width ${mar.diffloss_w}, ${mar.num_sampling_steps} steps`],
    ["SigLIP2", `${siglip2.num_hidden_layers} layers, width ${siglip2.hidden_size}, patches of ${siglip2.patch_size}`],
    ["autoencoder", `${vae.type ?? "kl"}, stride ${mar.vae_stride}, ${vae.embed_dim} channels`],
  ]);
}
