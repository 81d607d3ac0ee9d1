import { UserError } from "../../../errors.ts";
import { type NoiseSchedule, noiseSchedule } from "../../../sampling/index.ts";
import { expectedOutputs } from "../expected.ts";
import type { ParityCase, ParityOutput } from "../parity-case.ts";

/** Noise schedules: `<schedule>.<array>` in float32 or float64, the same arrays either way. */
export async function run(context: ParityCase): Promise<Map<string, ParityOutput>> {
  const { base_steps, max_beta, noise_schedule } = context.params;
  if (noise_schedule !== "cosine") throw new UserError(`there is no "${noise_schedule}" noise schedule, only cosine`);
  const produced = new Map<string, ParityOutput>();
  const schedules = new Map<string, NoiseSchedule>();
  for (const output of (await expectedOutputs(context)).keys()) {
    const [name, array] = output.replace(/^f64\./, "").split(".");
    let schedule = schedules.get(name);
    if (!schedule) {
      schedule = noiseSchedule({
        steps: Number(base_steps),
        maxBeta: Number(max_beta),
        respacing: respacingOf(name),
      });
      schedules.set(name, schedule);
    }
    const property = array.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase()) as keyof NoiseSchedule;
    const values = schedule[property];
    if (typeof values === "object") produced.set(output, { shape: [values.length], values });
  }
  return produced;
}

/** "full1000" is every step, "s100" a hundred, "s10_15_25" sections, "sddim25" even strides. */
function respacingOf(name: string): string {
  return name.startsWith("full") ? "" : name.slice(1).replaceAll("_", ",");
}
