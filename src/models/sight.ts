/** What a picture is seen by when it is described (arXiv 2508.03320): the vision tower, or the autoencoder with the MAR encoder. */
export type Sight = "SigLIP2" | "the MAR encoder";

/**
 * The tower where a checkpoint has both it and its projection; one without the other sees nothing. A tower of which a part is missing
 * counts, so that what is missing will be named: the first and the last of its weights stand for the whole.
 */
export function sightOf(has: (name: string) => boolean): Sight {
  const tower = ["embeddings.patch_embedding.weight", "post_layernorm.weight"];
  const hasTower = tower.some((name) => has(`siglip2.vision_model.${name}`));
  return hasTower && has("siglip2_proj.0.weight") ? "SigLIP2" : "the MAR encoder";
}
