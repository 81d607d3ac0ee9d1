import type { LoweredProgram } from "../src/onnx/lower.ts";
import type { Engine, LoadedProgram } from "../src/runtime/engine.ts";
import type { Value } from "../src/runtime/values.ts";
import { evaluateDimension, type HostArray, hostArray } from "../src/tensor/index.ts";
import { processMemory, restartPeak } from "./process-memory.ts";

/** What was seen of one program. */
export interface Stage {
  name: string;
  loads: number;
  runs: number;
  /** Resident memory of the process after loading it last, and its largest while it was loaded or run. */
  loaded: number;
  peak: number;
}

/** Programs by a result that only they have. */
const NAMES: Readonly<Record<string, string>> = {
  embeddings: "embedding table",
  states: "language model",
  logits: "logits",
  encoded: "MAR encoder",
  hidden: "places of a source",
  condition: "MAR decoder",
  next: "diffusion head",
  pixels: "autoencoder, tokens to pixels",
  tokens: "autoencoder, pixels to tokens",
  features: "SigLIP2",
};

/** An engine that measures the memory of the process for every program, and need not compute every run. */
export class StageMemory implements Engine {
  readonly stages = new Map<string, Stage>();
  /** The largest resident memory of the process so far. */
  peak = 0;

  /** @param computes whether a run's results matter; where not they are zeros */
  constructor(
    private readonly engine: Engine,
    private readonly computes: (stage: Readonly<Stage>) => boolean = () => true,
  ) {}

  async load(program: LoweredProgram, options: Parameters<Engine["load"]>[1]): Promise<LoadedProgram> {
    const results = new Set(program.outputs.map(({ name }) => name));
    const name = Object.entries(NAMES).find(([result]) => results.has(result))?.[1] ?? "small programs";
    const stage = this.stages.get(name) ?? { name, loads: 0, runs: 0, loaded: 0, peak: 0 };
    this.stages.set(name, stage);
    const loaded = await this.#measured(stage, () => this.engine.load(program, options));
    stage.loads++;
    stage.loaded = processMemory().now;
    return {
      run: (feeds, into) => {
        stage.runs++;
        if (!this.computes(stage)) return Promise.resolve(zeros(program, feeds));
        return this.#measured(stage, () => loaded.run(feeds, into));
      },
      release: () => loaded.release(),
    };
  }

  async #measured<Result>(stage: Stage, action: () => Promise<Result>): Promise<Result> {
    this.peak = Math.max(this.peak, processMemory().peak);
    restartPeak();
    const result = await action();
    const { peak } = processMemory();
    stage.peak = Math.max(stage.peak, peak);
    this.peak = Math.max(this.peak, peak);
    return result;
  }
}

/** Results of the right shapes without anything computed. */
function zeros({ inputs, outputs }: LoweredProgram, feeds: Readonly<Record<string, Value>>): Record<string, HostArray> {
  const sizes = new Map<string, number>();
  for (const { name, shape } of inputs) {
    shape.forEach((size, axis) => {
      if (typeof size === "string" && /^\w+$/.test(size)) sizes.set(size, feeds[name].shape[axis]);
    });
  }
  return Object.fromEntries(
    outputs.map(({ name, shape }) => {
      const known = shape.map((size) => evaluateDimension(size, sizes));
      return [name, hostArray("float32", known, new Float32Array(known.reduce((a, b) => a * b, 1)))];
    }),
  );
}
