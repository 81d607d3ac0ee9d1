import { traceEarlyBlocks, traceLateBlocks } from "../models/cached-decoder.ts";
import type { UniPicConfig } from "../models/config.ts";
import type { Grid } from "../models/position-table.ts";
import {
  type Traced,
  traceDenoise,
  traceEncode,
  tracePixels,
  traceRead,
  traceRound,
  traceRows,
  traceSee,
  traceSolve,
} from "../models/programs.ts";
import type { LoweringOptions } from "../onnx/lower.ts";
import type { Engine, EngineOptions } from "../runtime/engine.ts";
import { Program } from "../runtime/program.ts";
import type { Value } from "../runtime/values.ts";
import type { Sampler } from "../sampling/samplers.ts";
import type { SplitRound } from "./token-cache.ts";

/** The weights of a model, however they are kept. */
export interface Weights {
  /** Throws a UserError naming what is missing or misshapen among `needed`. */
  check(needed: ReadonlyMap<string, readonly number[]>): void;
  has(name: string): boolean;
  source: LoweringOptions["parameters"];
}

/** Results that are looked at in host memory; the others only go into other programs. */
const READ: ReadonlySet<string> = new Set(["logits", "pixels"]);

/** Compiles a model's programs when they are first needed and keeps them. */
export class Programs {
  readonly #compiled = new Map<string, Promise<Program>>();

  constructor(
    readonly config: UniPicConfig,
    readonly weights: Weights,
    private readonly engine: Engine,
    private readonly options: EngineOptions,
  ) {}

  read(kind: { cached: boolean; pictures: boolean }): Promise<Program> {
    return this.#get(`read ${kind.cached} ${kind.pictures}`, () => traceRead(this.config, kind));
  }

  see(): Promise<Program> {
    return this.#get("see", () => traceSee(this.config));
  }

  encode(grid: Grid, pictures: number): Promise<Program> {
    return this.#get(`encode ${grid} ${pictures}`, () => traceEncode(this.config, grid, pictures));
  }

  round(grid: Grid, kind: { editing: boolean }): Promise<Program> {
    return this.#get(`round ${grid} ${kind.editing}`, () => only(traceRound(this.config, grid, kind), "condition"));
  }

  /** A round in the parts that the token cache needs. */
  async splitRound(grid: Grid, kind: { editing: boolean }): Promise<SplitRound> {
    const [fuse, early, late] = await Promise.all([
      this.#get(`fuse ${grid}`, () => only(traceRound(this.config, grid, kind), "fused")),
      this.#get(`early ${grid} ${kind.editing}`, () => traceEarlyBlocks(this.config, grid, kind)),
      this.#get(`late ${grid}`, () => traceLateBlocks(this.config, grid)),
    ]);
    return { fuse, early, late };
  }

  /** One step of a sampler. */
  denoise(sampler: Sampler = "ancestral"): Promise<Program> {
    return sampler === "ancestral"
      ? this.#get("denoise", () => traceDenoise(this.config))
      : this.#get("solve", () => traceSolve(this.config));
  }

  pixels(grid: Grid, pictures: number): Promise<Program> {
    return this.#get(`pixels ${grid} ${pictures}`, () => tracePixels(this.config, grid, pictures));
  }

  #get(key: string, trace: () => Traced): Promise<Program> {
    let program = this.#compiled.get(key);
    if (!program) {
      program = this.#compile(trace());
      this.#compiled.set(key, program);
    }
    return program;
  }

  rows(like: Value, axis: 0 | 1): Promise<Program> {
    const { dtype, shape } = like;
    return this.#get(`rows ${dtype} ${shape.length} ${axis}`, () => traceRows(dtype, shape.length, axis));
  }

  async #compile({ outputs, parameters }: Traced): Promise<Program> {
    const shapes = [...parameters].map(([name, { shape }]) => [name, shape as readonly number[]] as const);
    this.weights.check(new Map(shapes));
    const lowering = { fused: true, parameters: this.weights.source };
    // What JavaScript reads comes back; the rest (cache, conditions, states, features) stays where the next program needs it.
    const keep = Object.keys(outputs).filter((name) => !READ.has(name));
    return Program.compile(this.engine, outputs, lowering, { ...this.options, keep });
  }

  /** Frees all memory on the device. */
  async release(): Promise<void> {
    const programs = await Promise.allSettled(this.#compiled.values());
    this.#compiled.clear();
    await Promise.all(programs.map((result) => (result.status === "fulfilled" ? result.value.release() : undefined)));
  }
}

/** A program that gives one of its results alone. */
const only = ({ outputs, parameters }: Traced, name: string): Traced => ({
  outputs: { [name]: outputs[name] },
  parameters,
});
