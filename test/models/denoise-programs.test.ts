import { describe, expect, it } from "vitest";
import { type MarConfig, tokenWidth } from "../../src/models/config.ts";
import { denoiser } from "../../src/models/denoiser.ts";
import { traceDenoise, traceSolve } from "../../src/models/programs.ts";
import { Scope } from "../../src/nn/scope.ts";
import { nodeEngine } from "../../src/runtime/node.ts";
import { Program } from "../../src/runtime/program.ts";
import { denoiseStep, stepCoefficients } from "../../src/sampling/denoise.ts";
import { dpmSolverSteps } from "../../src/sampling/dpm-solver.ts";
import { noiseSchedule } from "../../src/sampling/noise-schedule.ts";
import { solverStep } from "../../src/sampling/solver.ts";
import { type HostArray, hostArray } from "../../src/tensor/dtype.ts";
import { input, type Tensor } from "../../src/tensor/index.ts";
import { randomWeights } from "../pipeline/random-weights.ts";
import { tinyConfig } from "./tiny.ts";
import { normals } from "./weights.ts";

const TOKENS = 3;
const GUIDANCE = 2.5;
const { source } = randomWeights();
const schedule = noiseSchedule({ respacing: "8" });
const STEP = 5;

/** Runs a program once with those of the feeds that it takes. */
async function run(outputs: Record<string, Tensor>, feeds: Record<string, HostArray>) {
  const lowering = { fused: true, parameters: source };
  const program = await Program.compile(nodeEngine, outputs, lowering, { device: "cpu", threads: 1 });
  const results = await program.run(Object.fromEntries(program.inputs.map(({ name }) => [name, feeds[name]])));
  await program.release();
  return results;
}

const floats = (array: HostArray) => array.data as Float32Array;
const scalars = (values: object) =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, hostArray("float32", [], [value])]));

describe.each(["epsilon", "velocity"] as const)("the head's steps, predicting %s", (prediction) => {
  const mar: MarConfig = { ...tinyConfig.mar, prediction };
  const config = { ...tinyConfig, mar };
  const width = tokenWidth(mar);
  const x = normals([TOKENS, width], 1);
  const timestep = hostArray("float32", [1], [schedule.timestepMap[STEP]]);
  const conditions = normals([2 * TOKENS, mar.decoder_embed_dim], 2);
  const half = TOKENS * mar.decoder_embed_dim;
  const conditionsOf = (start: number) =>
    hostArray("float32", [TOKENS, mar.decoder_embed_dim], floats(conditions).slice(start, start + half));

  /** The bare network's predictions and variance values under some conditions: [tokens x token] each. */
  async function network(condition: HostArray) {
    const output = denoiser(
      Scope.root().child("mar.diffloss.net"),
      mar,
      input("x", "float32", [TOKENS, width]),
      input("timestep", "float32", [1]),
      input("condition", "float32", [TOKENS, mar.decoder_embed_dim]),
    );
    const { data } = (await run({ output }, { x, timestep, condition })).output;
    const part = (offset: number) =>
      Float32Array.from({ length: TOKENS * width }, (_, i) => {
        return Number(data[Math.floor(i / width) * 2 * width + offset + (i % width)]);
      });
    return { predicted: part(0), variance: part(width) };
  }

  function expectClose(got: HostArray, expected: Float32Array): void {
    expect(got.shape).toEqual([TOKENS, width]);
    expected.forEach((value, i) => {
      expect(floats(got)[i]).toBeCloseTo(value, 4);
    });
  }

  it.each([true, false])("ancestral is the plain step (guided: %s)", async (guided) => {
    const conditional = await network(conditionsOf(0));
    const unconditional = await network(conditionsOf(half));
    const step = stepCoefficients(schedule, STEP);
    const noise = normals([TOKENS, width], 3);
    const toNoise = (predicted: Float32Array) =>
      prediction === "epsilon"
        ? predicted
        : predicted.map((value, i) => step.spread * floats(x)[i] + step.signal * value);
    const { next } = await run(traceDenoise(config).outputs, {
      x,
      noise,
      condition: guided ? conditions : conditionsOf(0),
      timestep,
      ...scalars({ ...step, noiseScale: 0.7, guidance: GUIDANCE }),
    });
    const expected = denoiseStep(
      {
        x: floats(x),
        noiseConditional: toNoise(conditional.predicted),
        noiseUnconditional: guided ? toNoise(unconditional.predicted) : undefined,
        variance: conditional.variance,
        draw: floats(noise),
        guidance: GUIDANCE,
        temperature: 0.7,
      },
      step,
    );
    expectClose(next, expected);
  });

  it.each([true, false])("deterministic is the plain step (guided: %s)", async (guided) => {
    const conditional = await network(conditionsOf(0));
    const unconditional = await network(conditionsOf(half));
    const step = dpmSolverSteps(schedule, prediction)[schedule.steps - 1 - STEP];
    const before = normals([TOKENS, width], 4);
    const { next, predicted } = await run(traceSolve(config).outputs, {
      x,
      before,
      condition: guided ? conditions : conditionsOf(0),
      timestep,
      ...scalars({ ...step, guidance: GUIDANCE }),
    });
    const expected = solverStep(
      {
        x: floats(x),
        conditional: conditional.predicted,
        unconditional: guided ? unconditional.predicted : undefined,
        previous: floats(before),
        guidance: GUIDANCE,
      },
      step,
    );
    expectClose(next, expected.next);
    expectClose(predicted, expected.clean);
  });
});
