import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { type StoredTensor, toFloat16Bytes, writeSafetensors } from "../checkpoint/index.ts";
import type { UniPicConfig } from "../models/config.ts";
import { generationConfig } from "../models/generation.ts";
import { asTensors, writeWhole } from "./checkpoint.ts";
import { CONTRAST_ONLY } from "./contrast-loss.ts";
import type { Values } from "./parameters.ts";
import type { Prepared } from "./prepare.ts";

/**
 * What suits models trained here: they learn every question as the only one about its picture, and that the unconditional twin of an edit
 * repeats the picture, from which guidance would lead too far away. What is to stay stays better with less chance in it.
 */
const LEARNED_HERE = { edit_guidance: 1, edit_temperature: 0.8, chat_remember: "picture" } as const;
/** Where what is named is changed in its place, little of an edit is drawn, which more rounds made no better (models/unipic-mini/README.md). */
const EDIT_ROUNDS = 2;

/** A model's configuration without what it has no weights for: they may come in a later stage. */
function asFarAsTrained(config: UniPicConfig, weights: Values): UniPicConfig {
  const has = (beginning: string) => [...weights.keys()].some((name) => name.startsWith(beginning));
  const { editing_vision, layouts, changes } = config;
  return {
    ...config,
    ...(editing_vision && { editing_vision: has("siglip2.") }),
    ...(layouts && { layouts: has("layout.") }),
    ...(changes && { changes: has("changes.") }),
  };
}

/** Writes a model folder in Hugging Face form that `UniPic.load` opens, its weights in half precision. */
export async function exportModel(folder: string, weights: Values, prepared: Prepared): Promise<void> {
  const config = asFarAsTrained(prepared.config, weights);
  await mkdir(folder, { recursive: true });
  const json = (value: unknown) => `${JSON.stringify(value, null, 2)}\n`;
  await writeSafetensors(
    join(folder, "model.safetensors"),
    asTensors(new Map([...prepared.vae, ...weights].filter(([name]) => !CONTRAST_ONLY.has(name)))).map(halved),
  );
  await writeWhole(join(folder, "config.json"), json(config));
  await writeWhole(join(folder, "tokenizer.json"), JSON.stringify(prepared.tokenizer));
  await writeWhole(join(folder, "tokenizer_config.json"), json(prepared.tokenizerConfig));
  const suited = generationConfig(config);
  const editRounds = config.changes && { edit_rounds: Math.min(EDIT_ROUNDS, suited.tokens) };
  const generation = { ...suited, ...LEARNED_HERE, ...editRounds };
  await writeWhole(join(folder, "generation_config.json"), json(generation));
}

function halved(tensor: StoredTensor): StoredTensor {
  const { bytes } = tensor;
  const values = new Float32Array(bytes.buffer as ArrayBuffer, bytes.byteOffset, bytes.byteLength / 4);
  return { ...tensor, dtype: "F16", bytes: toFloat16Bytes(values) };
}
