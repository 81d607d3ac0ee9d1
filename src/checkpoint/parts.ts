/** What lies in a checkpoint, by the parts of a UniPic model. */
import { byteLength, elementCount, type StoredDType } from "./tensor-data.ts";
import { openWeights } from "./weights-file.ts";

/** A tensor without its contents. */
export interface TensorEntry {
  name: string;
  dtype: StoredDType;
  shape: readonly number[];
}

export interface PartSummary {
  part: string;
  tensors: number;
  parameters: number;
  bytes: number;
  dtypes: StoredDType[];
}

const OTHER = "other";

/** A part is recognised by the beginnings of its tensors' names; the first that fits counts. */
const PARTS: readonly { part: string; beginnings: readonly string[] }[] = [
  { part: "diffusion head", beginnings: ["mar.diffloss."] },
  { part: "MAR encoder and decoder", beginnings: ["mar."] },
  { part: "projections", beginnings: ["proj_in.", "proj_out.", "siglip2_proj."] },
  // Files of one part alone leave out its prefix: Qwen2's and SigLIP2's folders, and kl16.ckpt.
  { part: "language model", beginnings: ["llm.", "model.layers.", "model.embed_tokens.", "model.norm.", "lm_head."] },
  { part: "SigLIP2", beginnings: ["siglip2.", "vision_model."] },
  { part: "autoencoder", beginnings: ["vae.", "encoder.", "decoder.", "quant_conv.", "post_quant_conv."] },
];

export const PART_NAMES: readonly string[] = PARTS.map(({ part }) => part);

/** The tensors of a safetensors file, a torch file, the index of shards of either, or a folder with `model.safetensors` or its shards. */
export async function listTensors(path: string): Promise<TensorEntry[]> {
  const file = await openWeights(path);
  try {
    return [...file.tensors.values()].map(({ name, dtype, shape }) => ({ name, dtype, shape }));
  } finally {
    await file.close();
  }
}

/** Counts what each part has, in a fixed order; parts that are not there are left out. */
export function summarizeParts(tensors: readonly TensorEntry[]): PartSummary[] {
  return [...PART_NAMES, OTHER].flatMap((part) => {
    const own = tensors.filter(({ name }) => partOf(name) === part);
    if (own.length === 0) return [];
    const sum = (of: (tensor: TensorEntry) => number) => own.reduce((total, tensor) => total + of(tensor), 0);
    return {
      part,
      tensors: own.length,
      parameters: sum(({ shape }) => elementCount(shape)),
      bytes: sum(({ dtype, shape }) => byteLength(dtype, shape)),
      dtypes: [...new Set(own.map(({ dtype }) => dtype))].sort(),
    };
  });
}

/** The part of a model that a tensor belongs to. */
export function partOf(name: string): string {
  return PARTS.find(({ beginnings }) => beginnings.some((beginning) => name.startsWith(beginning)))?.part ?? OTHER;
}
