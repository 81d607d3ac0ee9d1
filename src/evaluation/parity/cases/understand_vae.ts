import { asOutput, feed } from "../model.ts";
import type { ParityCase, ParityOutput } from "../parity-case.ts";
import { encodePicture, understand } from "../understand.ts";

/** Understanding by the autoencoder and the encoder: their features at the `<image>` tokens, then greedy decoding. */
export async function run(context: ParityCase): Promise<Map<string, ParityOutput>> {
  const { tokens, encoded, features } = await encodePicture(context, feed(await context.input("pixels")));
  const answered = await understand(context, features);
  return new Map([
    ["image_tokens", asOutput(tokens)],
    ["x_enc", asOutput(encoded)],
    ["z_enc", asOutput(features)],
    ...answered,
  ]);
}
