import { UserError } from "../errors.ts";
import { type Dimension, dimensionTerms } from "../tensor/dimension.ts";
import { type DType, type HostData, hostData } from "../tensor/dtype.ts";
import type { AttributeValue, Emitter, QuantizedWeight } from "../tensor/emitter.ts";
import { widenQuantized } from "../tensor/ops/quantized.ts";
import { type Shape, showShape } from "../tensor/shape.ts";
import { inOrder, isInput, isParameter, type Tensor } from "../tensor/tensor.ts";
import {
  type ExternalTensor,
  encodeModel,
  type InlineTensor,
  ONNX_TYPES,
  type OnnxGraph,
  type OnnxNode,
} from "./model.ts";

/** Numbers in a file or in memory. */
export type StoredNumbers = Omit<ExternalTensor, "name"> | Omit<InlineTensor, "name">;

/** A weight in whole numbers; {@link QuantizedWeight} says what they mean. The scales may be of any floating-point type. */
export interface QuantizedSource {
  format: QuantizedWeight["format"];
  shape: readonly [out: number, inner: number];
  numbers: StoredNumbers;
  scales: StoredNumbers;
}

/**
 * Where a parameter's values come from: the file they are in, host memory, whole numbers in either, or (undefined) an input of the
 * program.
 */
export type ParameterSource =
  | Omit<ExternalTensor, "name">
  | { data: HostData; shape: readonly number[] }
  | QuantizedSource
  | undefined;

export interface LoweringOptions {
  /** Fused kernels for attention, norms and the like (inference), or only simple operations, which share work with their gradients. */
  fused: boolean;
  parameters: (name: string, shape: readonly number[]) => ParameterSource;
  /** Whether the device runs a body for every row where the rows lie; see `Emitter.scan`. */
  scansInPlace?: boolean;
  /** Whether the device multiplies int8 numbers fast; otherwise such weights are widened when the program is loaded. */
  int8Products?: boolean;
  /** Whether the device reads rows of tables in half precision; otherwise the whole table is widened. */
  narrowRows?: boolean;
  /** Inputs that the program has though no output needs them: they tell the sizes of named dimensions. */
  inputs?: readonly Tensor[];
}

export interface LoweredProgram {
  model: Uint8Array;
  inputs: { name: string; dtype: DType; shape: Shape }[];
  outputs: { name: string; dtype: DType; shape: Shape }[];
  /** Whether int8 kernels are used. */
  int8Products?: boolean;
}

/** Writes a traced program as an ONNX model. Equal nodes are written once; what no output needs is never reached. */
export function lower(outputs: Readonly<Record<string, Tensor>>, options: LoweringOptions): LoweredProgram {
  const lowering = new Lowering(options);
  // All inputs come first: an output may need a size that only the input of another one tells.
  const found = inOrder(Object.values(outputs)).filter(isInput);
  for (const part of new Set([...(options.inputs ?? []), ...found])) lowering.declareInput(part);
  for (const [name, tensor] of Object.entries(outputs)) lowering.output(name, tensor);
  const graph = lowering.finish();
  const { inputs, outputs: results } = graph;
  return { model: encodeModel(graph), inputs, outputs: results, int8Products: lowering.int8Products };
}

class Lowering implements Emitter {
  readonly #graph: OnnxGraph = { nodes: [], inline: [], external: [], inputs: [], outputs: [] };
  readonly #names = new Map<Tensor, string>();
  /** Nodes by what they compute, and their results; in a body, only those of the body and of the graphs around it. */
  #written = new Map<string, string[]>();
  /** Where nodes are being written to: the graph, or the body of one of its nodes. */
  #nodes: OnnxNode[] = this.#graph.nodes;
  readonly #constants = new Map<string, string>();
  readonly #buffers = new Map<HostData, number>();
  /** A named size -> where to read it: an input and an axis. */
  readonly #sizes = new Map<string, { input: string; axis: number }>();
  #sizeValues = new Map<string, string>();
  readonly #claimed = new Set<string>();
  /** Results of nodes, and those of them that are outputs of the program. */
  readonly #computed = new Set<string>();
  readonly #outputNames = new Map<string, string>();
  /** Weights that are stored otherwise than in their own type, by the name that stands for their values; see `node`. */
  readonly #quantized = new Map<string, QuantizedWeight>();
  readonly #narrow = new Map<string, { stored: string; as: DType }>();
  /** Whether any product is left to int8 kernels. */
  int8Products = false;
  #count = 0;

  constructor(private readonly options: LoweringOptions) {}

  output(name: string, tensor: Tensor): void {
    this.#claim(name);
    const source = this.#widened(this.#value(tensor));
    if (this.#computed.has(source) && !this.#outputNames.has(source)) this.#outputNames.set(source, name);
    // An input, a constant or another output is handed out as a copy.
    else this.#nodes.push({ type: "Identity", domain: "", inputs: [source], outputs: [name], attributes: {} });
    this.#graph.outputs.push({ name, dtype: tensor.dtype, shape: tensor.shape });
  }

  /** The graph, in which values that are outputs carry the output's name. */
  finish(): OnnxGraph {
    const named = (value: string) => this.#outputNames.get(value) ?? value;
    const renamed = (node: OnnxNode): OnnxNode => ({
      ...node,
      inputs: node.inputs.map(named),
      outputs: node.outputs.map(named),
      ...(node.body ? { body: { ...node.body, nodes: node.body.nodes.map(renamed) } } : {}),
    });
    return { ...this.#graph, nodes: this.#graph.nodes.map(renamed) };
  }

  declareInput(tensor: Tensor): void {
    const { name } = tensor.attributes as { name: string };
    this.#claim(name);
    this.#names.set(tensor, name);
    this.#graph.inputs.push({ name, dtype: tensor.dtype, shape: tensor.shape });
    tensor.shape.forEach((size, axis) => {
      if (typeof size === "string" && !this.#sizes.has(size)) this.#sizes.set(size, { input: name, axis });
    });
  }

  /** Inputs, weights and outputs share one space of names; what lies between them is numbered with a sign no name begins with. */
  #claim(name: string): void {
    if (name.startsWith("%"))
      throw new Error(`The name "${name}" begins with %, which is kept for values without a name.`);
    if (this.#claimed.has(name)) throw new Error(`Two inputs, weights or outputs of the program are called "${name}".`);
    this.#claimed.add(name);
  }

  #value(tensor: Tensor): string {
    for (const part of inOrder([tensor], this.#names)) {
      if (!this.#names.has(part)) this.#names.set(part, this.#write(part));
    }
    return this.#names.get(tensor)!;
  }

  #write(tensor: Tensor): string {
    if (isParameter(tensor)) return this.#parameter(tensor.attributes.name, tensor);
    const { operation } = tensor;
    const expand = operation.expand && (!this.options.fused || !operation.lower || tensor.dtype === "float64");
    const inputs = tensor.inputs.map((source) => this.#names.get(source)!);
    const written = expand ? undefined : operation.lower?.(tensor, inputs, this);
    if (written !== undefined) return written;
    if (!operation.expand) throw new Error(`The operation ${operation.name} has no ONNX form.`);
    return this.#value(operation.expand(tensor.inputs, tensor.attributes));
  }

  #parameter(name: string, tensor: Tensor): string {
    const shape = tensor.shape as readonly number[];
    this.#claim(name);
    const source = this.options.parameters(name, shape);
    if (source && (source.shape.length !== shape.length || source.shape.some((size, i) => size !== shape[i]))) {
      throw new UserError(
        `The weight "${name}" is ${showShape(source.shape)} but the model needs ${showShape(shape)}.`,
      );
    }
    if (source === undefined) {
      this.#graph.inputs.push({ name, dtype: tensor.dtype, shape });
      return name;
    }
    if ("format" in source) return this.#quantizedParameter(name, source);
    const numbers = "data" in source ? { ...source, dtype: tensor.dtype } : source;
    const stored = this.#stored(name, numbers);
    if (numbers.dtype === tensor.dtype) return stored;
    const value = `%${this.#count++}`;
    this.#narrow.set(value, { stored, as: tensor.dtype });
    return value;
  }

  #stored(name: string, numbers: StoredNumbers): string {
    if ("data" in numbers) this.#graph.inline.push({ ...numbers, name });
    else this.#graph.external.push({ ...numbers, name });
    return name;
  }

  #quantizedParameter(name: string, { format, shape, ...stored }: QuantizedSource): string {
    const numbers = this.#stored(name, stored.numbers);
    const given = this.#stored(`%scales of ${name}`, stored.scales);
    const scales = stored.scales.dtype === "float32" ? given : this.cast(given, "float32");
    const value = `%${this.#count++}`;
    this.#quantized.set(value, { format, shape, numbers, scales });
    return value;
  }

  narrow(input: string): string | undefined {
    return this.options.narrowRows ? this.#narrow.get(input)?.stored : undefined;
  }

  quantized(input: string): QuantizedWeight | undefined {
    const weight = this.#quantized.get(input);
    if (weight?.format === "int8" && !this.options.int8Products) return undefined;
    this.int8Products ||= weight?.format === "int8";
    return weight;
  }

  /** A value that any node may read. No node widens a weight unless some other one needs that. */
  #widened(value: string): string {
    const weight = this.#quantized.get(value);
    if (weight) return widenQuantized(weight, this);
    const narrow = this.#narrow.get(value);
    return narrow ? this.cast(narrow.stored, narrow.as) : value;
  }

  node(
    type: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, AttributeValue>> = {},
    domain: "com.microsoft" | "" = "",
  ): string {
    return this.nodes(type, inputs, 1, attributes, domain)[0];
  }

  nodes(
    type: string,
    inputs: readonly string[],
    results: number,
    attributes: Readonly<Record<string, AttributeValue>> = {},
    domain: "com.microsoft" | "" = "",
  ): string[] {
    const read = inputs.map((input) => this.#widened(input));
    const key = `${domain}|${type}|${results}|${read.join(",")}|${JSON.stringify(attributes)}`;
    const before = this.#written.get(key);
    if (before !== undefined) return before;
    const outputs = Array.from({ length: results }, () => this.#fresh());
    this.#written.set(key, outputs);
    for (const output of outputs) this.#computed.add(output);
    this.#nodes.push({ type, domain, inputs: read, outputs, attributes });
    return outputs;
  }

  get scansInPlace(): boolean {
    return this.options.scansInPlace ?? false;
  }

  scan(
    inputs: readonly { value: string; dtype: DType }[],
    result: DType,
    body: (slices: readonly string[]) => string,
  ): string {
    const [nodes, written, sizes] = [this.#nodes, this.#written, this.#sizeValues];
    // What is written in the body is not there outside of it; constants are, as they lie in the outermost graph.
    [this.#nodes, this.#written, this.#sizeValues] = [[], new Map(written), new Map(sizes)];
    const slices = inputs.map(({ dtype }) => ({ name: this.#fresh(), dtype }));
    const inside = body(slices.map(({ name }) => name));
    const graph = { nodes: this.#nodes, inputs: slices, outputs: [{ name: inside, dtype: result }] };
    [this.#nodes, this.#written, this.#sizeValues] = [nodes, written, sizes];
    const output = this.#fresh();
    this.#computed.add(output);
    nodes.push({
      type: "Scan",
      domain: "",
      inputs: inputs.map(({ value }) => value),
      outputs: [output],
      attributes: { num_scan_inputs: inputs.length },
      body: graph,
    });
    return output;
  }

  #fresh(): string {
    return `%${this.#count++}`;
  }

  cast(input: string, to: DType): string {
    return this.node("Cast", [input], { to: ONNX_TYPES[to] });
  }

  constant(data: HostData, shape: readonly number[], dtype: DType): string {
    const key = `${dtype}|${shape}|${this.#fingerprint(data)}`;
    const before = this.#constants.get(key);
    if (before !== undefined) return before;
    const name = this.#fresh();
    this.#constants.set(key, name);
    const tensor: InlineTensor = { name, dtype, shape, data };
    this.#graph.inline.push(tensor);
    return name;
  }

  /** Small constants are the same when their values are; large ones when they share memory. */
  #fingerprint(data: HostData): string {
    if (data.length <= 64)
      return Array.from(data as Float64Array, (value) => (Object.is(value, -0) ? "-0" : value)).join();
    const known = this.#buffers.get(data) ?? this.#buffers.size;
    this.#buffers.set(data, known);
    return `#${known}`;
  }

  integers(values: readonly number[]): string {
    return this.constant(hostData("int64", values), [values.length], "int64");
  }

  dimensions(shape: Shape): string {
    if (shape.every((size) => typeof size === "number")) return this.integers(shape as number[]);
    const parts = shape.map((size) =>
      typeof size === "number"
        ? this.integers([size])
        : this.node("Reshape", [this.dimension(size), this.integers([1])]),
    );
    return parts.length === 1 ? parts[0] : this.node("Concat", parts, { axis: 0 });
  }

  dimension(size: Dimension): string {
    if (typeof size === "number") return this.constant(hostData("int64", [size]), [], "int64");
    let total: string | undefined;
    for (const { coefficient, names } of dimensionTerms(size)) {
      let product = coefficient === 1 && names.length > 0 ? undefined : this.dimension(coefficient);
      for (const name of names) {
        const value = this.#namedSize(name);
        product = product === undefined ? value : this.node("Mul", [product, value]);
      }
      total = total === undefined ? product! : this.node("Add", [total, product!]);
    }
    return total!;
  }

  #namedSize(name: string): string {
    const known = this.#sizeValues.get(name);
    if (known) return known;
    const place = this.#sizes.get(name);
    if (!place) throw new Error(`The size "${name}" is not the size of any input of the program.`);
    const shape = this.node("Shape", [place.input], { start: place.axis, end: place.axis + 1 });
    const value = this.node("Squeeze", [shape, this.integers([0])]);
    this.#sizeValues.set(name, value);
    return value;
  }
}
