import { access } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { type JsonObject, modelFolder, openCheckpoint, parseQuantization, readJson } from "../checkpoint/index.ts";
import { parseConfig } from "../models/config.ts";
import { generationDefaults } from "../models/generation.ts";
import { nodeEngine } from "../runtime/node.ts";
import { Tokenizer } from "../text/tokenizer.ts";
import type { LoadOptions, UniPicParts } from "./parts.ts";
import { roomWithin } from "./room.ts";
import { checkpointWeights } from "./weights.ts";

/** The model that ships with the package. */
export const DEFAULT_MODEL = fileURLToPath(new URL("../../models/unipic-mini", import.meta.url));

/** How programs are loaded for inference, whatever the model. */
export const INFERENCE = { optimization: "full", sizes: "varied" } as const;

/** Opens a model folder; weights are read from it by the engine when programs are compiled. */
export async function loadFolder(path: string = DEFAULT_MODEL, options: LoadOptions = {}): Promise<UniPicParts> {
  const folder = await modelFolder(path);
  const where = `${path}/config.json`;
  const config = parseConfig(folder.config, where);
  // Weights say for themselves how they are stored; a folder of another version may mean something else by it.
  parseQuantization(folder.config, where);
  const [tokenizer, reader, generation] = await Promise.all([
    Tokenizer.fromFolder(path),
    openCheckpoint(folder.weights),
    readGeneration(path),
  ]);
  await reader.close();
  const device = options.device ?? "cpu";
  return {
    config,
    defaults: generationDefaults(generation, config.mar, path),
    tokenizer,
    weights: checkpointWeights(reader),
    engine: nodeEngine,
    engineOptions: {
      device,
      threads: options.threads,
      weightsFolder: dirname(folder.weights),
      ...INFERENCE,
    },
    // What a GPU has free is not known.
    room: device === "cpu" ? roomWithin(options.memory) : undefined,
  };
}

/** The contents of `generation_config.json`; a folder need not have one. */
async function readGeneration(folder: string): Promise<JsonObject | undefined> {
  const path = join(folder, "generation_config.json");
  const isThere = await access(path).then(
    () => true,
    () => false,
  );
  return isThere ? readJson(path) : undefined;
}
