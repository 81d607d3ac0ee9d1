/** The parts of a model, told apart by the beginnings of their weights' names; the first that fits counts. */
export const PARTS = [
  { key: "head", name: "diffusion head", beginnings: ["mar.diffloss."] },
  // Small networks that compose pictures of what the pair draws count as its own.
  { key: "mar", name: "MAR encoder and decoder", beginnings: ["mar.", "layout.", "changes."] },
  { key: "projections", name: "projections", beginnings: ["proj_in.", "proj_out.", "siglip2_proj."] },
  // Files of one part alone leave out its prefix: Qwen2's and SigLIP2's folders, and kl16.ckpt.
  {
    key: "llm",
    name: "language model",
    beginnings: ["llm.", "model.layers.", "model.embed_tokens.", "model.norm.", "lm_head."],
  },
  { key: "siglip2", name: "SigLIP2", beginnings: ["siglip2.", "vision_model."] },
  { key: "vae", name: "autoencoder", beginnings: ["vae.", "encoder.", "decoder.", "quant_conv.", "post_quant_conv."] },
] as const satisfies readonly { key: string; name: string; beginnings: readonly string[] }[];

/** How options and configurations call a part. */
export type PartKey = (typeof PARTS)[number]["key"];

/** The part that a weight belongs to; undefined where it is of none. */
export const partOf = (weight: string): (typeof PARTS)[number] | undefined =>
  PARTS.find(({ beginnings }) => beginnings.some((beginning) => weight.startsWith(beginning)));
