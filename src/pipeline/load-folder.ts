import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { type JsonObject, modelFolder, openCheckpoint, parseQuantization, readJson } from "../checkpoint/index.ts";
import { UserError } from "../errors.ts";
import { parseConfig } from "../models/config.ts";
import { drawSizeOf } from "../models/generation.ts";
import { nodeEngine } from "../runtime/node.ts";
import { Tokenizer } from "../text/tokenizer.ts";
import { CHAT_MEMORIES, type ChatMemory } from "./chat.ts";
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
  const generation = await readGeneration(path);
  const chatMemory = chatMemoryOf(generation, path);
  const [tokenizer, reader] = await Promise.all([Tokenizer.fromFolder(path), openCheckpoint(folder.weights)]);
  await reader.close();
  const device = options.device ?? "cpu";
  return {
    config,
    drawSize: drawSizeOf(generation, config.mar, path),
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
    chatMemory,
  };
}

/** The contents of `generation_config.json`; a folder need not have one. */
async function readGeneration(folder: string): Promise<JsonObject> {
  const path = join(folder, "generation_config.json");
  return existsSync(path) ? readJson(path) : {};
}

/** What `generation_config.json` says about conversations. */
function chatMemoryOf({ chat_remember: said }: JsonObject, folder: string): ChatMemory | undefined {
  const memory = CHAT_MEMORIES.find((name) => name === said);
  if (said === undefined || memory) return memory;
  throw new UserError(
    `${folder}/generation_config.json: chat_remember must be ${CHAT_MEMORIES.join(" or ")}, not ${JSON.stringify(said)}.`,
  );
}
