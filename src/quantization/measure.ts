import type { PartKey } from "../models/parts.ts";
import type { Weights } from "../pipeline/programs.ts";
import type { Engine } from "../runtime/engine.ts";
import { runInSegments } from "../runtime/segments.ts";
import type { HostArray } from "../tensor/dtype.ts";
import { type Stage, type StageInputs, type StageProgram, stagesOf } from "./stages.ts";

/** The error of one stage of a part, given the inputs that it has in full precision. */
export interface StageError {
  part: PartKey;
  stage: string;
  /** Distance of the two results over the length of the one in full precision. */
  error: number;
}

/** Weights, and the folder of the files that they point into. */
export interface WeightSource {
  weights: Weights;
  folder: string;
}

export interface MeasureOptions {
  engine: Engine;
  threads?: number;
  /** The parts to compare. */
  parts: ReadonlySet<PartKey>;
  signal?: AbortSignal;
  onProgress?: (done: number, total: number) => void;
}

/** Parameters in memory at a time: half a gigabyte in fp32. Only the embeddings of a large model are more. */
const PARAMETERS = 128 * 2 ** 20;

/**
 * Compares parts of two models, computed in fp32 and as the second one's weights are stored, on real inputs: what the first makes of
 * a prompt and a picture. Stages whose weights are not there are left out.
 */
export async function measureErrors(
  inputs: StageInputs,
  reference: WeightSource,
  candidate: WeightSource,
  { engine, threads, parts, signal, onProgress }: MeasureOptions,
): Promise<StageError[]> {
  const stages = stagesOf(inputs);
  const needed = stages.filter((stage) => stages.some((each) => parts.has(each.part) && reaches(each, stage, stages)));
  const results: Record<string, HostArray> = {};
  const errors: StageError[] = [];
  const run = async ({ result, feeds }: StageProgram, { weights, folder }: WeightSource): Promise<HostArray> => {
    const found = await runInSegments({ result }, feeds, {
      engine,
      engineOptions: { device: "cpu", threads, weightsFolder: folder, optimization: "full" },
      lowering: { fused: true, parameters: weights.source },
      parameters: PARAMETERS,
      signal,
    });
    return found.result;
  };
  for (const [i, stage] of needed.entries()) {
    onProgress?.(i, needed.length);
    if (!stage.after.every((name) => name in results)) continue;
    const program = stage.prepare(results);
    if (![...program.parameters.keys()].every(reference.weights.has)) continue;
    const expected = await run(program, reference);
    results[stage.name] = expected;
    if (!parts.has(stage.part)) continue;
    const found = await run(program, candidate);
    errors.push({ part: stage.part, stage: stage.name, error: relativeError(found, expected) });
  }
  onProgress?.(needed.length, needed.length);
  return errors;
}

/** Whether a stage is, or needs the result of, another. */
const reaches = (from: Stage, wanted: Stage, all: readonly Stage[]): boolean =>
  from === wanted || all.some((each) => from.after.includes(each.name) && reaches(each, wanted, all));

function relativeError(found: HostArray, expected: HostArray): number {
  const [values, targets] = [found.data as Float32Array, expected.data as Float32Array];
  let [distance, length] = [0, 0];
  for (let i = 0; i < targets.length; i++) {
    distance += (values[i] - targets[i]) ** 2;
    length += targets[i] ** 2;
  }
  return Math.sqrt(distance / length);
}
