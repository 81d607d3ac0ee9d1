/** Model folders as on Hugging Face: `config.json` beside `model.safetensors`, or beside shards and their index. */
import { UserError } from "../errors.ts";
import { type JsonObject, readJson } from "./json.ts";
import { weightInfo } from "./quantized.ts";
import { INDEX_FILE, SINGLE_FILE } from "./safetensors-writer.ts";
import type { CheckpointReader } from "./sharded.ts";
import { isFloating } from "./tensor-data.ts";

/** A model folder that is known to have its parts. */
export interface ModelFolder {
  path: string;
  /** The contents of `config.json`. */
  config: JsonObject;
  /** The weights' file: the single file, or the index of the shards. */
  weights: string;
}

/**
 * Looks at a model folder before anything is loaded.
 *
 * @throws UserError when the folder, its `config.json` or its weights are missing.
 */
export async function modelFolder(path: string): Promise<ModelFolder> {
  const { readdir } = await import("node:fs/promises");
  const { join } = await import("node:path");
  let names: string[];
  try {
    names = await readdir(path);
  } catch (error) {
    const isFile = (error as { code?: string }).code === "ENOTDIR";
    throw new UserError(
      isFile
        ? `"${path}" is a file; give the model's folder, the one with config.json in it.`
        : `There is no model folder at "${path}".`,
    );
  }
  if (!names.includes("config.json")) {
    const isOfficial = names.some((name) => name.startsWith("pytorch_model."));
    const hint = isOfficial ? " unipic import makes one from official files." : "";
    throw new UserError(`The folder "${path}" has no config.json, so it is not a model folder.${hint}`);
  }
  const weights = [SINGLE_FILE, INDEX_FILE].find((name) => names.includes(name));
  if (!weights) {
    throw new UserError(
      `The model folder "${path}" has no weights: neither ${SINGLE_FILE} nor ${INDEX_FILE} is there.`,
    );
  }
  return { path, config: await readJson(join(path, "config.json")), weights: join(path, weights) };
}

/** How many of the wrong tensors a message names. */
const NAMED = 5;

/**
 * Checks that a checkpoint has the tensors that a model needs. Tensors beyond those are no error.
 *
 * @param expected the shape of every tensor needed, by name
 * @throws UserError naming the first few tensors that are missing, of another shape, or neither floating-point nor quantised.
 */
export function expectTensors(
  reader: Pick<CheckpointReader, "has" | "info">,
  expected: ReadonlyMap<string, readonly number[]>,
): void {
  const missing: string[] = [];
  const misshapen: string[] = [];
  const mistyped: string[] = [];
  for (const [name, shape] of expected) {
    if (!reader.has(name)) {
      missing.push(name);
      continue;
    }
    const found = weightInfo(reader, name);
    if (found.shape.length !== shape.length || found.shape.some((size, i) => size !== shape[i])) {
      misshapen.push(`${name} (is [${found.shape.join(", ")}], should be [${shape.join(", ")}])`);
    } else if (found.type !== "int8" && found.type !== "int4" && !isFloating(found.type)) {
      mistyped.push(`${name} (${found.type})`);
    }
  }
  const problems = [
    ...summary("lacks", missing),
    ...summary("has another shape for", misshapen),
    ...summary("has no floating-point values in", mistyped),
  ];
  if (problems.length > 0) throw new UserError(`The checkpoint does not fit the model: it ${problems.join("; it ")}.`);
}

function summary(verb: string, names: string[]): string[] {
  if (names.length === 0) return [];
  const more = names.length > NAMED ? ` and ${names.length - NAMED} more` : "";
  return [`${verb} ${names.length} tensor${names.length === 1 ? "" : "s"}: ${names.slice(0, NAMED).join(", ")}${more}`];
}
