import { denoiseRound } from "../../../pipeline/denoise-round.ts";
import { feed } from "../model.ts";
import type { ParityCase, ParityOutput } from "../parity-case.ts";
import { withPipeline } from "../pipeline.ts";
import { RecordedDraws } from "../sampling.ts";

/** The head's sampler alone, on given conditions: the conditional rows, then, if guided, the unconditional ones. */
export function run(context: ParityCase): Promise<Map<string, ParityOutput>> {
  return withPipeline(context, async ({ config, programs }) => {
    const condition = feed(await context.input("z"));
    const { cfg, temperature, num_sampling_steps } = context.params;
    const guided = Number(cfg) !== 1;
    const rows = condition.shape[0] / (guided ? 2 : 1);
    const options = {
      config,
      pictures: 1,
      steps: String(num_sampling_steps),
      temperature: Number(temperature),
      draws: await RecordedDraws.read(context),
      programs: { denoise: await programs.denoise() },
    };
    const sample = await denoiseRound(options, { round: 0, rounds: 1 }, condition, rows, Number(cfg));
    return new Map([["sample", { shape: [rows, sample.length / rows], values: sample }]]);
  });
}
