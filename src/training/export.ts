import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { type StoredTensor, toFloat16Bytes, writeSafetensors } from "../checkpoint/index.ts";
import { asTensors, writeWhole } from "./checkpoint.ts";
import type { Values } from "./parameters.ts";
import type { Prepared } from "./prepare.ts";

/** Writes a model folder in Hugging Face form that `UniPic.load` opens, its weights in half precision. */
export async function exportModel(folder: string, weights: Values, prepared: Prepared): Promise<void> {
  await mkdir(folder, { recursive: true });
  const json = (value: unknown) => `${JSON.stringify(value, null, 2)}\n`;
  const { mar, siglip2 } = prepared.config;
  await writeSafetensors(
    join(folder, "model.safetensors"),
    asTensors(new Map([...prepared.vae, ...weights])).map(halved),
  );
  await writeWhole(join(folder, "config.json"), json(prepared.config));
  await writeWhole(join(folder, "tokenizer.json"), JSON.stringify(prepared.tokenizer));
  await writeWhole(join(folder, "tokenizer_config.json"), json(prepared.tokenizerConfig));
  const side = mar.img_size / (mar.vae_stride * mar.patch_size);
  const generation = {
    size: mar.img_size,
    tokens: side * side,
    steps: mar.num_sampling_steps,
    guidance: 3,
    temperature: 1,
    // Models here learn from pictures with a single question each.
    chat_remember: "picture",
  };
  await writeWhole(
    join(folder, "generation_config.json"),
    json({ ...generation, understanding_size: siglip2.image_size }),
  );
}

function halved(tensor: StoredTensor): StoredTensor {
  const { bytes } = tensor;
  const values = new Float32Array(bytes.buffer as ArrayBuffer, bytes.byteOffset, bytes.byteLength / 4);
  return { ...tensor, dtype: "F16", bytes: toFloat16Bytes(values) };
}
