import type { LoweringOptions } from "../onnx/lower.ts";
import type { HostArray } from "../tensor/dtype.ts";
import { inOrder, input, isInput, isParameter, sizeOf, Tensor } from "../tensor/index.ts";
import type { Engine, EngineOptions } from "./engine.ts";
import { Program } from "./program.ts";

/** A stretch of a program, in order. */
type Segment = Set<Tensor>;

export interface SegmentOptions {
  engine: Engine;
  lowering: LoweringOptions;
  engineOptions: EngineOptions;
  /** Parameters that are in memory at a time; a single larger one is loaded all the same. */
  parameters: number;
  signal?: AbortSignal;
}

/**
 * Runs a program once, stretch by stretch, so that it needs memory for a part of its weights only: each stretch is compiled, run and
 * released before the next. What a later stretch needs is kept on the host.
 */
export async function runInSegments(
  outputs: Readonly<Record<string, Tensor>>,
  feeds: Readonly<Record<string, HostArray>>,
  options: SegmentOptions,
): Promise<Record<string, HostArray>> {
  const ordered = inOrder(Object.values(outputs));
  const inputs = ordered.filter(isInput);
  const values = new Map<Tensor, HostArray>(inputs.map((tensor) => [tensor, feeds[tensor.attributes.name]]));
  for (const segment of cut(ordered, options.parameters)) {
    options.signal?.throwIfAborted();
    const needed = neededAfter(segment, ordered, Object.values(outputs));
    for (const [tensor, value] of await runSegment(segment, needed, inputs, values, options)) values.set(tensor, value);
  }
  return Object.fromEntries(Object.entries(outputs).map(([name, tensor]) => [name, values.get(tensor)!]));
}

/** Everything but leaves, in stretches whose parameters number at most `most` where that can be. */
function cut(ordered: readonly Tensor[], most: number): Segment[] {
  const segments: Segment[] = [];
  let held = new Set<Tensor>();
  let count = 0;
  let segment: Segment = new Set();
  for (const tensor of ordered) {
    if (isLeaf(tensor)) continue;
    const fresh = tensor.inputs.filter((source) => isParameter(source) && !held.has(source));
    const size = fresh.reduce((sum, parameter) => sum + (sizeOf(parameter.shape) as number), 0);
    if (segment.size > 0 && size > 0 && count + size > most) {
      segments.push(segment);
      segment = new Set();
      held = new Set();
      count = 0;
    }
    segment.add(tensor);
    for (const parameter of fresh) held.add(parameter);
    count += size;
  }
  if (segment.size > 0) segments.push(segment);
  return segments;
}

const isLeaf = (tensor: Tensor): boolean => tensor.inputs.length === 0;

/** What of a stretch is used outside it. */
function neededAfter(segment: Segment, ordered: readonly Tensor[], outputs: readonly Tensor[]): Tensor[] {
  const used = new Set(outputs);
  for (const tensor of ordered) if (!segment.has(tensor)) for (const source of tensor.inputs) used.add(source);
  return [...segment].filter((tensor) => used.has(tensor));
}

async function runSegment(
  segment: Segment,
  needed: readonly Tensor[],
  inputs: readonly Tensor[],
  values: ReadonlyMap<Tensor, HostArray>,
  { engine, lowering, engineOptions }: SegmentOptions,
): Promise<[Tensor, HostArray][]> {
  const feeds: Record<string, HostArray> = {};
  const copies = new Map<Tensor, Tensor>();
  // The program's own inputs are always there: they tell what the named sizes are.
  for (const tensor of inputs) {
    feeds[(tensor.attributes as { name: string }).name] = values.get(tensor)!;
    copies.set(tensor, tensor);
  }
  const copyOf = (tensor: Tensor): Tensor => {
    const known = copies.get(tensor);
    if (known) return known;
    if (isLeaf(tensor)) return tensor;
    const name = `segment input ${copies.size}`;
    feeds[name] = values.get(tensor)!;
    const given = input(name, tensor.dtype, tensor.shape);
    copies.set(tensor, given);
    return given;
  };
  for (const tensor of segment) {
    const { operation, attributes, shape, dtype } = tensor;
    copies.set(tensor, new Tensor(operation, tensor.inputs.map(copyOf), attributes, shape, dtype));
  }
  const results = Object.fromEntries(needed.map((tensor, i) => [`segment output ${i}`, copies.get(tensor)!]));
  const program = await Program.compile(engine, results, { ...lowering, inputs }, engineOptions);
  try {
    const found = await program.run(Object.fromEntries(program.inputs.map(({ name }) => [name, feeds[name]] as const)));
    return needed.map((tensor, i) => [tensor, found[`segment output ${i}`]]);
  } finally {
    await program.release();
  }
}
