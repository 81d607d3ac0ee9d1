import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { byteLength, type StreamedTensor, writeSafetensors, writeSharded } from "../../src/checkpoint/index.ts";
import type { UniPicConfig } from "../../src/models/config.ts";
import { SPECIAL_TOKENS } from "../../src/text/prompts.ts";
import { trainTokenizer } from "../../src/text/train-tokenizer.ts";
import { writeTorchFile } from "./torch-writer.ts";

/** In which form the official files are written. */
export interface LayoutForm {
  /** The model's own file. */
  main?: "bin" | "bin shards" | "safetensors" | "safetensors shards";
  vae?: "ckpt" | "safetensors" | "in the model" | "absent";
  tower?: "in the model" | "folder" | "absent";
}

/**
 * Writes a model's tensors as the official files are laid out: the model's own file with the output layer and the class labels that it has
 * beside what UniPic needs, `kl16.ckpt` without the autoencoder's prefix, and the folders of Qwen2 (with a tokenizer that does not know
 * `<image>`) and of SigLIP2 (with a text tower).
 *
 * @param tensors by the names of a model folder
 */
export async function writeOfficialLayout(
  folder: string,
  tensors: ReadonlyMap<string, StreamedTensor>,
  config: UniPicConfig,
  { main = "bin", vae = "ckpt", tower = "in the model" }: LayoutForm = {},
): Promise<void> {
  const qwen = join(folder, "Qwen2.5-1.5B-Instruct");
  const siglip = join(folder, "siglip2-so400m-patch16-512");
  await mkdir(qwen, { recursive: true });
  const of = (prefix: string) => [...tensors.values()].filter(({ name }) => name.startsWith(prefix));
  const without = (prefix: string) => of(prefix).map((each) => ({ ...each, name: each.name.slice(prefix.length) }));

  const own = [...tensors.values()].filter(
    ({ name }) =>
      (vae === "in the model" || !name.startsWith("vae.")) &&
      (tower === "in the model" || !name.startsWith("siglip2.")) &&
      (tower !== "absent" || !name.startsWith("siglip2_proj.")),
  );
  await writeMain(folder, [...own, zeros("mar.class_emb.weight", [10, config.mar.encoder_embed_dim])], main);
  const autoencoder = [...without("vae."), zeros("loss.logvar", [1])];
  if (vae === "ckpt") await writeTorchFile(join(folder, "kl16.ckpt"), autoencoder, { under: "model" });
  if (vae === "safetensors") await writeSafetensors(join(folder, "kl16.safetensors"), autoencoder);

  const { vocab_size: _, ...llm } = config.llm;
  await writeJson(join(qwen, "config.json"), { model_type: "qwen2", ...llm });
  const { tokenizer, config: settings } = tokenizerWithoutImage();
  await writeJson(join(qwen, "tokenizer.json"), tokenizer);
  await writeJson(join(qwen, "tokenizer_config.json"), settings);
  if (tower === "absent") return;
  await mkdir(siglip);
  await writeJson(join(siglip, "config.json"), {
    model_type: "siglip",
    vision_config: config.siglip2,
    text_config: {},
  });
  if (tower !== "folder") return;
  const text = [zeros("text_model.embeddings.token_embedding.weight", [4, 4]), zeros("logit_scale", [1])];
  await writeSafetensors(join(siglip, "model.safetensors"), [...without("siglip2."), ...text]);
}

async function writeMain(folder: string, tensors: StreamedTensor[], form: LayoutForm["main"]): Promise<void> {
  const twins = { "llm.lm_head.weight": "llm.model.embed_tokens.weight" };
  const half = Math.ceil(tensors.length / 2);
  switch (form) {
    case "safetensors":
      return writeSafetensors(join(folder, "model.safetensors"), tensors);
    case "safetensors shards":
      return writeSharded(
        folder,
        tensors,
        tensors.reduce((sum, { dtype, shape }) => sum + byteLength(dtype, shape), 0) / 2,
      );
    case "bin shards": {
      const parts = [tensors.slice(0, half), tensors.slice(half)];
      const names = ["pytorch_model-00001-of-00002.bin", "pytorch_model-00002-of-00002.bin"];
      for (const [i, part] of parts.entries()) await writeTorchFile(join(folder, names[i]), part);
      const places = parts.flatMap((part, i) => part.map(({ name }) => [name, names[i]]));
      return writeJson(join(folder, "pytorch_model.bin.index.json"), { weight_map: Object.fromEntries(places) });
    }
    default:
      return writeTorchFile(join(folder, "pytorch_model.bin"), tensors, { twins });
  }
}

const zeros = (name: string, shape: number[]): StreamedTensor => ({
  name,
  dtype: "F32",
  shape,
  pieces: () => [new Uint8Array(byteLength("F32", shape))],
});

/** A tokenizer as Qwen2's, which has the signs of a chat but none for a picture. */
function tokenizerWithoutImage(): { tokenizer: object; config: object } {
  const { tokenizer, config } = trainTokenizer(["a red car on the grass"], { vocabularySize: 320 });
  const image = SPECIAL_TOKENS.at(-1);
  const isOther = (token: { content: string }) => token.content !== image;
  const decoder = Object.entries(config.added_tokens_decoder as Record<string, { content: string }>);
  return {
    tokenizer: { ...tokenizer, added_tokens: (tokenizer.added_tokens as { content: string }[]).filter(isOther) },
    config: {
      ...config,
      added_tokens_decoder: Object.fromEntries(decoder.filter(([, token]) => isOther(token))),
      additional_special_tokens: (config.additional_special_tokens as string[]).filter((token) => token !== image),
    },
  };
}

const writeJson = (path: string, value: unknown): Promise<void> => writeFile(path, JSON.stringify(value));
