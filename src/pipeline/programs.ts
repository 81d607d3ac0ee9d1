import { traceEarlyBlocks, traceLateBlocks } from "../models/cached-decoder.ts";
import { traceChange, traceLook, tracePlace, tracePose, traceTellChanges } from "../models/changing-programs.ts";
import type { UniPicConfig } from "../models/config.ts";
import {
  traceClear,
  traceDecoder,
  traceEncoder,
  traceHidden,
  traceLayOut,
  traceTables,
} from "../models/drawing-programs.ts";
import { traceEmbed, traceJoin, traceLanguage, traceLogits } from "../models/language-programs.ts";
import type { Grid } from "../models/position-table.ts";
import {
  type Traced,
  traceDenoise,
  traceLatents,
  tracePixels,
  traceRows,
  traceSee,
  traceSolve,
} from "../models/programs.ts";
import type { LoweringOptions } from "../onnx/lower.ts";
import type { Engine, EngineOptions } from "../runtime/engine.ts";
import { Program, type Runnable } from "../runtime/program.ts";
import { releaseValues, type Value } from "../runtime/values.ts";
import type { Sampler } from "../sampling/samplers.ts";
import { sizeOf } from "../tensor/index.ts";
import { DrawingRound } from "./drawing-round.ts";
import { Part } from "./part.ts";
import { Residents, type Room } from "./residents.ts";
import { RowByRow } from "./row-by-row.ts";
import type { SplitRound } from "./token-cache.ts";

/** The weights of a model, however they are kept. */
export interface Weights {
  /** Throws a UserError naming what is missing or misshapen among `needed`. */
  check(needed: ReadonlyMap<string, readonly number[]>): void;
  has(name: string): boolean;
  source: LoweringOptions["parameters"];
}

/** What a weight's numbers take in memory, without their scales. */
const NUMBER_BYTES = { int8: 1, int4: 0.5 } as const;

/** What weights take in the order that kernels read them in, as a share of their size. */
const REARRANGED = 1.07;

/** Results that are looked at in host memory; the others only go into other programs. */
const READ: ReadonlySet<string> = new Set(["logits", "pixels", "box", "said", "changes", "odds", "shares"]);

/**
 * A model's programs. Every weight belongs to one of them (the embedding table to two: rows are read of the one, the other multiplies by
 * it), so that it is in memory once. Each is compiled and loaded when it is first run, and stays while there is room.
 */
export class Programs {
  readonly #parts = new Map<string, Part>();
  readonly #tables = new Map<string, Promise<Record<string, Value>>>();
  readonly #residents: Residents;

  /** @param room memory that may still be taken; unlimited when left out */
  constructor(
    readonly config: UniPicConfig,
    readonly weights: Weights,
    private readonly engine: Engine,
    private readonly options: EngineOptions,
    room?: Room,
  ) {
    this.#residents = new Residents(room);
  }

  embed(pictures: boolean): Part {
    // Of the table only rows are read, from its file where it lies in one: it takes no memory to speak of.
    return this.#part(
      `embed ${pictures}`,
      () => traceEmbed(this.config, pictures),
      () => 0,
    );
  }

  language(): Runnable {
    return new RowByRow(
      this.#part("language", () => traceLanguage(this.config)),
      this.config.llm,
    );
  }

  logits(): Part {
    return this.#part("logits", () => traceLogits(this.config));
  }

  join(): Part {
    return this.#part("join", () => traceJoin(this.config));
  }

  see(): Part {
    return this.#part("see", () => traceSee(this.config));
  }

  latents(grid: Grid, pictures: number): Part {
    return this.#part(`latents ${grid} ${pictures}`, () => traceLatents(this.config, grid, pictures));
  }

  encoder(): Part {
    return this.#part("encoder", () => traceEncoder(this.config));
  }

  hidden(): Part {
    return this.#part("hidden", () => traceHidden(this.config));
  }

  place(grid: Grid): Part {
    return this.#part(`place ${grid}`, () => tracePlace(this.config, grid));
  }

  tellChanges(): Part {
    return this.#part("tell changes", () => traceTellChanges(this.config));
  }

  /** For one thing of one picture. */
  change(grid: Grid): Part {
    return this.#part(`change ${grid}`, () => traceChange(this.config, grid));
  }

  /** For one thing of one picture. */
  pose(grid: Grid): Part {
    return this.#part(`pose ${grid}`, () => tracePose(this.config, grid));
  }

  look(grid: Grid): Part {
    return this.#part(`look ${grid}`, () => traceLook(this.config, grid));
  }

  layOut(): Part {
    return this.#part("lay out", () => traceLayOut(this.config));
  }

  /** For one picture. */
  clear(grid: Grid): Part {
    return this.#part(`clear ${grid}`, () => traceClear(this.config, grid, "layout.clear"));
  }

  /** For the source of an edit. */
  clearSource(grid: Grid): Part {
    return this.#part(`clear source ${grid}`, () => traceClear(this.config, grid, "changes.clear"));
  }

  decoder(): Part {
    return this.#part("decoder", () => traceDecoder(this.config));
  }

  /** A round of drawing. The decoder may be another one than that of the pipeline. */
  async round(grid: Grid, decoder: Runnable = this.decoder()): Promise<DrawingRound> {
    return new DrawingRound({ encoder: this.encoder(), language: this.language(), decoder }, await this.tables(grid));
  }

  /** A round in the parts that the token cache needs. */
  async splitRound(grid: Grid): Promise<SplitRound> {
    const tables = await this.tables(grid);
    return {
      early: await this.round(
        grid,
        this.#part("early blocks", () => traceEarlyBlocks(this.config)),
      ),
      late: this.#part("late blocks", () => traceLateBlocks(this.config)),
      positions: tables["diffusion positions"],
    };
  }

  /** One step of a sampler. */
  denoise(sampler: Sampler = "ancestral"): Part {
    return sampler === "ancestral"
      ? this.#part("denoise", () => traceDenoise(this.config))
      : this.#part("solve", () => traceSolve(this.config));
  }

  pixels(grid: Grid, pictures: number): Part {
    return this.#part(`pixels ${grid} ${pictures}`, () => tracePixels(this.config, grid, pictures));
  }

  rows(like: Value, axis: number): Part {
    const { dtype, shape } = like;
    return this.#part(`rows ${dtype} ${shape.length} ${axis}`, () => traceRows(dtype, shape.length, axis));
  }

  /** What depends on a grid alone, see `traceTables`: worked out once. */
  tables(grid: Grid): Promise<Readonly<Record<string, Value>>> {
    const key = grid.join();
    const known = this.#tables.get(key);
    if (known) return known;
    const made = this.#part(`tables ${key}`, () => traceTables(this.config, grid)).runOnDevice({});
    this.#tables.set(key, made);
    // What failed once may work when it is tried again.
    made.catch(() => this.#tables.delete(key));
    return made;
  }

  #part(key: string, trace: () => Traced, weightBytes = (traced: Traced) => this.#weightBytes(traced)): Part {
    let part = this.#parts.get(key);
    if (!part) {
      part = new Part(trace, this.#residents, {
        compile: (traced, fleeting) => this.#compile(traced, fleeting),
        weightBytes,
      });
      this.#parts.set(key, part);
    }
    return part;
  }

  /** What a program's weights take when they are loaded. The engine rearranges them for its kernels, which takes a little more. */
  #weightBytes({ parameters }: Traced): number {
    const numbers = [...parameters].map(([name, { shape }]) => {
      const source = this.weights.has(name) ? this.weights.source(name, shape as number[]) : undefined;
      // Other weights than quantised ones are widened to float32 if they are stored in less.
      const bytes = source && "format" in source ? NUMBER_BYTES[source.format] : Float32Array.BYTES_PER_ELEMENT;
      return bytes * (sizeOf(shape) as number);
    });
    return REARRANGED * numbers.reduce((a, b) => a + b, 0);
  }

  async #compile({ outputs, parameters }: Traced, fleeting: boolean): Promise<Program> {
    const shapes = [...parameters].map(([name, { shape }]) => [name, shape as readonly number[]] as const);
    this.weights.check(new Map(shapes));
    const lowering = { fused: true, parameters: this.weights.source };
    // What JavaScript reads comes back; the rest (cache, conditions, states, features) stays where the next program needs it.
    const keep = Object.keys(outputs).filter((name) => !READ.has(name));
    return Program.compile(this.engine, outputs, lowering, { ...this.options, keep, reserve: !fleeting });
  }

  /** Frees all memory on the device. */
  async release(): Promise<void> {
    for (const tables of this.#tables.values()) releaseValues(await tables.catch(() => ({})));
    this.#tables.clear();
    await this.#residents.release();
  }
}
