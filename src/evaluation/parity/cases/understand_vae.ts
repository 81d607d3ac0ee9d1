import { asOutput, feed } from "../model.ts";
import type { ParityCase, ParityOutput } from "../parity-case.ts";
import { encodePixels, withPipeline } from "../pipeline.ts";
import { understand } from "../understand.ts";

/** Understanding by the autoencoder and the encoder: their features at the `<image>` tokens, then greedy decoding. */
export function run(context: ParityCase): Promise<Map<string, ParityOutput>> {
  return withPipeline(context, async (pipeline) => {
    const seen = await encodePixels(pipeline, feed(await context.input("pixels")));
    const answered = await understand(context, pipeline, seen.features);
    return new Map([
      ["image_tokens", asOutput(seen.tokens)],
      ["x_enc", asOutput(seen.encoded)],
      ["z_enc", asOutput(seen.features)],
      ...answered,
    ]);
  });
}
