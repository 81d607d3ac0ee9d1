import { asOutput, feed } from "../model.ts";
import type { ParityCase, ParityOutput } from "../parity-case.ts";
import { withPipeline } from "../pipeline.ts";
import { understand } from "../understand.ts";

/** Understanding by the vision tower: its features at the `<image>` tokens, then greedy decoding. */
export function run(context: ParityCase): Promise<Map<string, ParityOutput>> {
  return withPipeline(context, async (pipeline) => {
    const program = await pipeline.programs.see();
    const { features } = await program.run({ pixels: feed(await context.input("pixels")) });
    const answered = await understand(context, pipeline, features);
    return new Map([["image_features", asOutput(features)], ...answered]);
  });
}
