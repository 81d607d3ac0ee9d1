import { siglip2Embeddings, siglip2Features } from "../../../models/siglip2.ts";
import { siglip2Pooled } from "../../../models/siglip2-pooling.ts";
import { visionFeatures } from "../../../models/unipic.ts";
import { input } from "../../../tensor/index.ts";
import { asOutputs, compute, feed, parityModel } from "../model.ts";
import type { ParityCase, ParityOutput } from "../parity-case.ts";

/** The vision tower at every stage, and its projection to the language model's width. */
export async function run(context: ParityCase): Promise<Map<string, ParityOutput>> {
  const { config, root } = parityModel(context);
  const given = await context.input("pixel_values");
  const pixels = input("pixels", "float32", given.shape);
  const tower = root.child("siglip2");
  const features = siglip2Features(tower, config.siglip2, pixels);
  const results = await compute(
    context,
    {
      embeddings: siglip2Embeddings(tower, config.siglip2, pixels),
      last_hidden_state: features,
      pooler_output: siglip2Pooled(tower, config.siglip2, features),
      proj: visionFeatures(root, config, pixels),
    },
    { pixels: feed(given) },
  );
  return asOutputs(results);
}
