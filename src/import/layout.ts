/** What lies in a folder of official files: which file holds which part. */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { type JsonObject, readJson } from "../checkpoint/index.ts";
import { UserError } from "../errors.ts";

/** A Hugging Face folder of one part. */
export interface PartFolder {
  path: string;
  /** Its `config.json`, where there is one. */
  config?: JsonObject;
  /** Its weights, where it has any: a file, or the index of shards. */
  weights?: string;
}

/** Where the parts of an official model are. */
export interface OfficialLayout {
  folder: string;
  /** The model's own file, or the index of its shards. */
  main: string;
  /** The autoencoder's file; the model's own may have it instead. */
  vae?: string;
  /** Qwen2's folder. */
  languageModel?: PartFolder;
  /** SigLIP2's folder. */
  tower?: PartFolder;
  /** The folder with `tokenizer.json`. */
  tokenizer: string;
  /** `config.json` beside the model's own file, where there is one. */
  config?: JsonObject;
  /** `generation_config.json` beside it, where there is one. */
  generation?: JsonObject;
}

/** The first that is there is read; safetensors go first, as on the Hub. */
export const MODEL_FILES: readonly string[] = ["model", "pytorch_model"].flatMap((name) => [
  `${name}.safetensors.index.json`,
  `${name}.safetensors`,
  `${name}.bin.index.json`,
  `${name}.bin`,
]);

export const VAE_FILES: readonly string[] = ["safetensors", "ckpt", "pt", "pth", "bin"].map((end) => `kl16.${end}`);

/** How the folders of the language model and of the tower are called, whatever their size. */
export const LANGUAGE_MODEL_FOLDER = /^qwen2/i;
export const TOWER_FOLDER = /^siglip2/i;

/**
 * Looks for the parts of an official model in a folder.
 *
 * @throws UserError when the folder, the model's own file or a tokenizer is not there
 */
export async function findLayout(folder: string): Promise<OfficialLayout> {
  const names = await listFolder(folder);
  const find = (candidates: readonly string[]) => candidates.find((name) => names.includes(name));
  const main = find(MODEL_FILES);
  if (main === undefined) {
    const half = names.find((name) => /\.(incomplete|part|crdownload|tmp)$/.test(name));
    const more = half ? ` "${half}" looks like a download that was not finished.` : "";
    throw new UserError(
      `The folder "${folder}" has no pytorch_model.bin or model.safetensors, whole or in shards.${more}`,
    );
  }
  const vae = find(VAE_FILES);
  const languageModel = await partFolder(folder, names, LANGUAGE_MODEL_FOLDER);
  const tokenizer = names.includes("tokenizer.json") ? folder : languageModel?.path;
  if (tokenizer === undefined || !(await listFolder(tokenizer)).includes("tokenizer.json")) {
    throw new UserError(
      `There is no tokenizer in "${folder}": put the folder Qwen2.5-1.5B-Instruct with its tokenizer.json there.`,
    );
  }
  return {
    folder,
    main: join(folder, main),
    vae: vae && join(folder, vae),
    languageModel,
    tower: await partFolder(folder, names, TOWER_FOLDER),
    tokenizer,
    config: await readWhereThere(folder, names, "config.json"),
    generation: await readWhereThere(folder, names, "generation_config.json"),
  };
}

async function partFolder(folder: string, names: readonly string[], pattern: RegExp): Promise<PartFolder | undefined> {
  for (const name of names.filter((each) => pattern.test(each)).sort()) {
    const path = join(folder, name);
    const inside = await readdir(path).catch(() => undefined);
    if (!inside) continue;
    const weights = MODEL_FILES.find((file) => inside.includes(file));
    const config = await readWhereThere(path, inside, "config.json");
    return { path, config, weights: weights && join(path, weights) };
  }
  return undefined;
}

async function readWhereThere(folder: string, names: readonly string[], name: string): Promise<JsonObject | undefined> {
  return names.includes(name) ? readJson(join(folder, name)) : undefined;
}

async function listFolder(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    const { code } = error as { code?: string };
    if (code === "ENOTDIR")
      throw new UserError(`"${folder}" is a file; give the folder that the model's files are in.`);
    throw new UserError(`There is no folder "${folder}" to read (${code ?? String(error)}).`);
  }
}
