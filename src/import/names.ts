/** From the names that official files use to those of a model folder. */

/** The kinds of official files. */
export type FileKind = "model" | "autoencoder" | "language model" | "tower";

/** The beginnings that the files of one part alone leave out. */
const PREFIXES: Readonly<Record<Exclude<FileKind, "model">, string>> = {
  autoencoder: "vae.",
  "language model": "llm.",
  tower: "siglip2.",
};

/** What a model folder calls a tensor of a file. */
export function folderName(name: string, kind: FileKind): string {
  // Training on several devices wraps a model, and every name begins with the wrapper's.
  const own = name.startsWith("module.") ? name.slice("module.".length) : name;
  if (kind === "model" || own.startsWith(PREFIXES[kind])) return own;
  return PREFIXES[kind] + own;
}

/** Tensors that official files have and nothing here asks for, by a model folder's names, and why they are left out. */
const NOT_NEEDED: readonly { pattern: RegExp; why: string }[] = [
  { pattern: /^mar\.class_emb\./, why: "class labels of MAR's own training, which UniPic has no use for" },
  { pattern: /^siglip2\.(text_model\.|logit_(scale|bias)$)/, why: "SigLIP2's text tower, which UniPic has no use for" },
  { pattern: /(^|\.)(position_ids|inv_freq)$/, why: "computed when the model runs" },
  { pattern: /^vae\.loss\./, why: "the loss that the autoencoder was trained with" },
];

/** Why a tensor is left out, or undefined where it is not known. */
export const whyNotNeeded = (name: string): string | undefined =>
  NOT_NEEDED.find(({ pattern }) => pattern.test(name))?.why;

/** SigLIP2's pooling head: a part of the tower that is kept, though only those who compare pictures need it. */
export const isPoolingHead = (name: string): boolean => name.startsWith("siglip2.vision_model.head.");
