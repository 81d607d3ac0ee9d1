import type { Traced } from "../models/programs.ts";
import type { Program, Runnable } from "../runtime/program.ts";
import type { Value } from "../runtime/values.ts";
import type { HostArray } from "../tensor/dtype.ts";
import {
  type Dimension,
  evaluateDimension,
  inOrder,
  isInput,
  isParameter,
  type Shape,
  sizeOf,
} from "../tensor/index.ts";
import type { Resident, Residents } from "./residents.ts";

/** What a part is compiled with. */
export interface PartOptions {
  compile(traced: Traced): Promise<Program>;
  /** Memory that weights take while a program is loaded. */
  weightBytes(traced: Traced): number;
}

/**
 * Tensors of the size of the largest one that a run holds at a time: the autoencoder's decoder was measured to hold 4.1 of them, the
 * language model 3.4.
 */
const LARGEST_AT_A_TIME = 4;

/** What is known of a part once it has been traced. */
interface Known {
  traced: Traced;
  bytes: number;
  inputs: { name: string; shape: Shape }[];
  /** Numbers of elements of its results. */
  volumes: ReadonlySet<Dimension>;
}

/** A program of the pipeline, which is compiled and loaded when it is run and may be given back between runs. */
export class Part implements Runnable, Resident {
  #known: Known | undefined;

  constructor(
    private readonly trace: () => Traced,
    private readonly residents: Residents,
    private readonly options: PartOptions,
  ) {}

  get inputs(): readonly { name: string }[] {
    return this.#part.inputs;
  }

  get bytes(): number {
    return this.#part.bytes;
  }

  load(): Promise<Program> {
    return this.options.compile(this.#part.traced);
  }

  run(
    feeds: Readonly<Record<string, Value>>,
    into?: Readonly<Record<string, HostArray>>,
  ): Promise<Record<string, HostArray>> {
    return this.residents.use(this, this.#work(feeds), (program) => program.run(feeds, into));
  }

  runOnDevice(
    feeds: Readonly<Record<string, Value>>,
    into?: Readonly<Record<string, HostArray>>,
  ): Promise<Record<string, Value>> {
    return this.residents.use(this, this.#work(feeds), (program) => program.runOnDevice(feeds, into));
  }

  get #part(): Known {
    if (this.#known) return this.#known;
    const traced = this.trace();
    const tensors = inOrder(Object.values(traced.outputs));
    const inputs = tensors.filter(isInput).map(({ attributes, shape }) => ({ name: attributes.name, shape }));
    const results = tensors.filter((tensor) => !isInput(tensor) && !isParameter(tensor));
    const volumes = new Set(results.map(({ shape }) => sizeOf(shape)));
    this.#known = { traced, bytes: this.options.weightBytes(traced), inputs, volumes };
    return this.#known;
  }

  /** About how many bytes a run takes beside the weights. */
  #work(feeds: Readonly<Record<string, Value>>): number {
    const { inputs, volumes } = this.#part;
    const sizes = new Map<string, number>();
    for (const { name, shape } of inputs) {
      shape.forEach((size, axis) => {
        if (typeof size === "string" && /^\w+$/.test(size)) sizes.set(size, feeds[name]?.shape[axis] ?? 0);
      });
    }
    const largest = Math.max(0, ...[...volumes].map((volume) => evaluateDimension(volume, sizes)));
    return LARGEST_AT_A_TIME * Float32Array.BYTES_PER_ELEMENT * largest;
  }
}
