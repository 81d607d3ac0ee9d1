import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { modelFolder, openCheckpoint, parseQuantization } from "../checkpoint/index.ts";
import { parseConfig } from "../models/config.ts";
import { nodeEngine } from "../runtime/node.ts";
import { Tokenizer } from "../text/tokenizer.ts";
import type { LoadOptions, UniPicParts } from "./parts.ts";
import { checkpointWeights } from "./weights.ts";

/** The model that ships with the package. */
export const DEFAULT_MODEL = fileURLToPath(new URL("../../models/unipic-mini", import.meta.url));

/** Opens a model folder; weights are read from it by the engine when programs are compiled. */
export async function loadFolder(path: string = DEFAULT_MODEL, options: LoadOptions = {}): Promise<UniPicParts> {
  const folder = await modelFolder(path);
  const where = `${path}/config.json`;
  const config = parseConfig(folder.config, where);
  // Weights say for themselves how they are stored; a folder of another version may mean something else by it.
  parseQuantization(folder.config, where);
  const [tokenizer, reader] = await Promise.all([Tokenizer.fromFolder(path), openCheckpoint(folder.weights)]);
  await reader.close();
  return {
    config,
    tokenizer,
    weights: checkpointWeights(reader),
    engine: nodeEngine,
    engineOptions: {
      device: options.device ?? "cpu",
      threads: options.threads,
      weightsFolder: dirname(folder.weights),
      optimization: "full",
    },
  };
}
