import { join } from "node:path";
import { readJson } from "../checkpoint/index.ts";
import { UserError } from "../errors.ts";
import { parseConfig } from "../models/config.ts";
import { loadState, type RunPosition, readValues } from "./checkpoint.ts";
import type { Values } from "./parameters.ts";
import { type Prepared, readTokenizer } from "./prepare.ts";
import { resizeTables } from "./stage-size.ts";
import { averagedWeights } from "./training-program.ts";

/**
 * What the run in a folder had come to at its last checkpoint: its averaged weights, and what makes a model of them at the run's own size.
 *
 * @throws UserError where the folder holds no run, or one that has not come to its first checkpoint
 */
export async function loadRun(folder: string): Promise<{ weights: Values; prepared: Prepared; position: RunPosition }> {
  const found = await loadState(folder, ["parameters", "average"]);
  if (!found)
    throw new UserError(`There is no training run with a checkpoint in "${folder}"; name the --output of a "train".`);
  const path = join(folder, "config.json");
  const config = parseConfig(await readJson(path), path);
  const { tokenizer, config: tokenizerConfig } = await readTokenizer(folder);
  const vae = await readValues(join(folder, "vae.safetensors"));
  const weights = resizeTables(averagedWeights(found.state), config);
  return { weights, prepared: { config, tokenizer, tokenizerConfig, vae }, position: found.position };
}
