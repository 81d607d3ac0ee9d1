import { tokenWidth, type UniPicConfig } from "../models/config.ts";
import { releaseValues, toHost, type Value } from "../runtime/values.ts";
import { stepCoefficients } from "../sampling/denoise.ts";
import { type NoiseSchedule, noiseSchedule } from "../sampling/noise-schedule.ts";
import { type DeterministicSampler, type Sampler, samplerRespacing, solverSteps } from "../sampling/samplers.ts";
import { hostArray } from "../tensor/dtype.ts";
import type { Draws } from "./draws.ts";
import type { Part } from "./part.ts";

/** What drawing the tokens of one round needs. */
export interface DenoiseOptions {
  config: UniPicConfig;
  pictures: number;
  /** Default: ancestral. */
  sampler?: Sampler;
  /** A number of steps, or another respacing of the model's schedule. */
  steps: string;
  /**
   * The ancestral sampler multiplies the noise that it adds by this, the deterministic ones the noise that they start from: where the data are
   * Gaussian, both give samples whose deviation is the temperature times the data's.
   */
  temperature: number;
  draws: Draws;
  /** One step of the sampler, compiled. */
  programs: { denoise: Part };
  /** Called before every denoising step; may throw to stop, and may take its time. */
  onStep?: (at: { round: number; rounds: number; step: number; steps: number }) => Promise<void> | void;
}

/** What one step reads besides x, the condition and the guidance. */
interface StepFeeds {
  scalars: Readonly<Record<string, number>> & { mappedTimestep: number };
  arrays: Record<string, Value>;
}

/** The feeds of step `step`, counted from the noisiest, given what the step before resulted in. */
type Stepper = (step: number, before: Readonly<Record<string, Value>>) => StepFeeds;

/**
 * Draws one round's tokens from noise with the diffusion head: [pictures x predicted, token].
 *
 * @param condition [pictures x predicted, width], and where the round is guided as many rows without the prompt after them
 */
export async function denoiseRound(
  options: DenoiseOptions,
  at: { round: number; rounds: number },
  condition: Value,
  predicted: number,
  guidance: number,
): Promise<Float32Array> {
  const { config, pictures, sampler = "ancestral", temperature } = options;
  const { denoise } = options.programs;
  const width = tokenWidth(config.mar);
  const shape = [pictures * predicted, width];
  const schedule = noiseSchedule({ maxBeta: config.max_beta, respacing: samplerRespacing(sampler, options.steps) });
  const drawn = options.draws.start(at.round, pictures, predicted, width);
  const start = sampler === "ancestral" ? drawn : drawn.map((value) => temperature * value);
  const stepper =
    sampler === "ancestral"
      ? ancestral(options, schedule, at.round, shape)
      : deterministic(sampler, options, schedule, shape);
  // Which scalars a step reads depends on the sampler and on what the head predicts.
  const read = new Set(denoise.inputs.map(({ name }) => name));
  let results: Record<string, Value> = { next: hostArray("float32", shape, start) };
  for (let step = 0; step < schedule.steps; step++) {
    await options.onStep?.({ ...at, step, steps: schedule.steps });
    const { scalars, arrays } = stepper(step, results);
    const feeds: Record<string, Value> = {
      ...arrays,
      x: results.next,
      condition,
      timestep: hostArray("float32", [1], [scalars.mappedTimestep]),
    };
    for (const [name, value] of Object.entries({ ...scalars, guidance })) {
      if (read.has(name)) feeds[name] = hostArray("float32", [], [value]);
    }
    const before = results;
    results = await denoise.runOnDevice(feeds);
    releaseValues(before);
  }
  const { data } = await toHost(results.next);
  releaseValues(results);
  return data as Float32Array;
}

function ancestral(
  { pictures, draws, temperature }: DenoiseOptions,
  schedule: NoiseSchedule,
  round: number,
  shape: readonly number[],
): Stepper {
  const [rows, width] = shape;
  return (step) => {
    const coefficients = stepCoefficients(schedule, schedule.steps - 1 - step);
    return {
      scalars: { ...coefficients, noiseScale: coefficients.noiseScale * temperature },
      arrays: { noise: hostArray("float32", shape, draws.step(round, step, pictures, rows / pictures, width)) },
    };
  };
}

function deterministic(
  sampler: DeterministicSampler,
  { config }: DenoiseOptions,
  schedule: NoiseSchedule,
  shape: readonly number[],
): Stepper {
  const steps = solverSteps(sampler, schedule, config.mar.prediction);
  const nothing = hostArray("float32", shape, new Float32Array(shape[0] * shape[1]));
  return (step, { predicted = nothing }) => ({ scalars: { ...steps[step] }, arrays: { before: predicted } });
}
