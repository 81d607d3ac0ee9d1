import { dirname, join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { readJson } from "../checkpoint/json.ts";
import { UserError } from "../errors.ts";
import { parseRun, parseTrainConfig, RUN_ENTRIES, refuseStray, type TrainConfig } from "./train-config.ts";

/**
 * Reads a training file; or one whose `files` name others beside it, whose stages follow one another in one run. Tokenizer, autoencoder and data for them are
 * those of the first.
 *
 * @throws UserError naming the file and the entry that is wrong
 */
export async function readTrainConfig(path: string): Promise<TrainConfig> {
  const json = await readJson(path);
  if (json.files === undefined) return parseTrainConfig(json, path);
  const { files, ...own } = json;
  refuseStray(own, RUN_ENTRIES, path);
  if (!Array.isArray(files) || files.length === 0 || !files.every((file) => typeof file === "string")) {
    throw new UserError(
      `${path}: "files" must be a list of training files, such as ["first.json", "second.json"], not ${JSON.stringify(files)}.`,
    );
  }
  const plans: TrainConfig[] = [];
  for (const file of files) plans.push(await readPart(join(dirname(path), file)));
  const [{ model, tokenizer, data, vae, stages }, ...others] = plans;
  const stray = others.findIndex((other) => !isDeepStrictEqual(other.model, model));
  if (stray >= 0) {
    throw new UserError(
      `${path}: "${files[stray + 1]}" trains a model of other sizes than "${files[0]}"; a run has one.`,
    );
  }
  const all = [...stages, ...others.flatMap((other) => other.stages)];
  return { ...parseRun(own, path), model, tokenizer, data, vae, stages: all };
}

async function readPart(path: string): Promise<TrainConfig> {
  const json = await readJson(path);
  if (json.files !== undefined)
    throw new UserError(`"${path}" names files itself; "files" must name files with stages.`);
  return parseTrainConfig(json, path);
}
