import type { DType } from "../tensor/dtype.ts";
import { type Initializer, parameter, type Tensor } from "../tensor/tensor.ts";

/**
 * A place in the checkpoint's tree of names. Model functions ask it for their weights by name, so the list of parameters, their
 * shapes and how they start fall out of tracing. The same name always gives the same tensor.
 */
export class Scope {
  private constructor(
    private readonly store: Map<string, Tensor>,
    private readonly prefix: string,
    readonly dtype: DType,
  ) {}

  static root(dtype: DType = "float32"): Scope {
    return new Scope(new Map(), "", dtype);
  }

  /** The scope `name` inside this one; dots step further down. */
  child(name: string | number): Scope {
    return new Scope(this.store, `${this.prefix}${name}.`, this.dtype);
  }

  /** The weight `name`, of a shape and with a start that must be the same wherever it is asked for. */
  parameter(name: string, shape: readonly number[], initial: Initializer): Tensor {
    const path = this.prefix + name;
    const known = this.store.get(path);
    if (known) {
      if (known.shape.join() !== shape.join()) {
        throw new Error(`The weight ${path} is asked for as [${shape}] and as [${known.shape}].`);
      }
      return known;
    }
    const tensor = parameter(path, shape, initial, this.dtype);
    this.store.set(path, tensor);
    return tensor;
  }

  /** Every weight asked for so far, by its full name. */
  get parameters(): ReadonlyMap<string, Tensor> {
    return this.store;
  }
}
