/** What a picture is seen by when it is described (arXiv 2508.03320): the vision tower, or the autoencoder with the MAR encoder. */
export type Sight = "SigLIP2" | "the MAR encoder";

/** The tower where a checkpoint has both it and its projection; one without the other sees nothing. */
export function sightOf(has: (name: string) => boolean): Sight {
  const tower = has("siglip2_proj.0.weight") && has("siglip2.vision_model.post_layernorm.weight");
  return tower ? "SigLIP2" : "the MAR encoder";
}
