import { visionFeatures } from "../../../models/unipic.ts";
import { input } from "../../../tensor/index.ts";
import { asOutput, compute, feed, parityModel } from "../model.ts";
import type { ParityCase, ParityOutput } from "../parity-case.ts";
import { understand } from "../understand.ts";

/** Understanding by the vision tower: its features at the `<image>` tokens, then greedy decoding. */
export async function run(context: ParityCase): Promise<Map<string, ParityOutput>> {
  const { config, root } = parityModel(context);
  const pixels = feed(await context.input("pixels"));
  const features = visionFeatures(root, config, input("pixels", "float32", pixels.shape));
  const seen = await compute(context, { features }, { pixels });
  const answered = await understand(context, seen.features);
  return new Map([["image_features", asOutput(seen.features)], ...answered]);
}
