import { type LoweredProgram, type LoweringOptions, lower } from "../onnx/lower.ts";
import { dimensionTerms, evaluateDimension } from "../tensor/dimension.ts";
import type { HostArray } from "../tensor/dtype.ts";
import { showShape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { Engine, EngineOptions, LoadedProgram } from "./engine.ts";
import { hostCopies, type Value } from "./values.ts";

/** Something that can be run as a program can. */
export type Runnable = Pick<Program, "run" | "runOnDevice"> & { readonly inputs: readonly { name: string }[] };

/** A traced program, compiled for a device and ready to run. */
export class Program {
  readonly #inputNames: ReadonlySet<string>;

  private constructor(
    private readonly lowered: LoweredProgram,
    private readonly loaded: LoadedProgram,
  ) {
    this.#inputNames = new Set(lowered.inputs.map(({ name }) => name));
  }

  /** Lowers the outputs to ONNX and loads them into the engine. */
  static async compile(
    engine: Engine,
    outputs: Readonly<Record<string, Tensor>>,
    lowering: LoweringOptions,
    options: EngineOptions,
  ): Promise<Program> {
    const onProcessor = options.device === "cpu";
    const int8Products = onProcessor && (engine.hasFastInt8 ?? false);
    const device = { int8Products, narrowRows: onProcessor, scansInPlace: onProcessor };
    const lowered = lower(outputs, { ...lowering, ...device });
    return new Program(lowered, await engine.load(lowered, options));
  }

  get inputs(): LoweredProgram["inputs"] {
    return this.lowered.inputs;
  }

  get outputs(): LoweredProgram["outputs"] {
    return this.lowered.outputs;
  }

  /**
   * Runs the program once. Every input must be given in its type and with sizes that agree; results named in `into` are written to the
   * memory given there instead of new memory.
   */
  async run(
    feeds: Readonly<Record<string, Value>>,
    into?: Readonly<Record<string, HostArray>>,
  ): Promise<Record<string, HostArray>> {
    return hostCopies(await this.runOnDevice(feeds, into));
  }

  /** As {@link run}, but results that the program was compiled to keep stay on the device; whoever asked for them releases them. */
  async runOnDevice(
    feeds: Readonly<Record<string, Value>>,
    into?: Readonly<Record<string, HostArray>>,
  ): Promise<Record<string, Value>> {
    this.#check(feeds);
    return this.loaded.run(feeds, into);
  }

  #check(feeds: Readonly<Record<string, Value>>): void {
    const sizes = new Map<string, number>();
    for (const { name, shape } of this.lowered.inputs) {
      const given = feeds[name];
      if (!given) throw new Error(`The program needs the input "${name}", which was not given.`);
      shape.forEach((size, axis) => {
        const value = given.shape[axis];
        if (typeof size === "string" && /^\w+$/.test(size) && value !== undefined && !sizes.has(size)) {
          sizes.set(size, value);
        }
      });
    }
    for (const { name, dtype, shape } of this.lowered.inputs) {
      const given = feeds[name];
      const fits = shape.every((size, axis) => {
        if (typeof size === "number") return size === given.shape[axis];
        const known = dimensionTerms(size).every(({ names }) => names.every((part) => sizes.has(part)));
        return !known || evaluateDimension(size, sizes) === given.shape[axis];
      });
      if (given.dtype !== dtype || given.shape.length !== shape.length || !fits) {
        const got = `${given.dtype}${showShape(given.shape)}`;
        const values = [...sizes].map(([size, value]) => `${size} = ${value}`).join(", ");
        const where = values && ` where ${values}`;
        throw new Error(`The input "${name}" is ${got} but must be ${dtype}${showShape(shape)}${where}.`);
      }
    }
    for (const name of Object.keys(feeds)) {
      if (!this.#inputNames.has(name)) throw new Error(`The program has no input "${name}".`);
    }
  }

  /** Frees the program's memory on the device. */
  release(): Promise<void> {
    return this.loaded.release();
  }
}
