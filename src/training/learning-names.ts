import type { StageConfig } from "./stage.ts";

/**
 * Which parameters learn in a stage: those that a pattern of `trains` fits and none of `freezes`, never the autoencoder's. A pattern fits
 * the beginning of a name, and its `*` any text: `llm.` is the whole language model, `llm.*.self_attn.` its attention.
 */
export function learnerOf({ trains, freezes }: Pick<StageConfig, "trains" | "freezes">): (name: string) => boolean {
  const [learning, frozen] = [(trains ?? [""]).map(beginning), (freezes ?? []).map(beginning)];
  return (name) =>
    !name.startsWith("vae.") &&
    learning.some((pattern) => pattern.test(name)) &&
    !frozen.some((pattern) => pattern.test(name));
}

const beginning = (pattern: string): RegExp => {
  const parts = pattern.split("*").map((text) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${parts.join(".*")}`);
};
