/** Counting arithmetic, and the machine's own speed to hold it against. */
import { Random } from "../src/random.ts";
import { nodeEngine } from "../src/runtime/node.ts";
import { Program } from "../src/runtime/program.ts";
import {
  evaluateDimension,
  type HostArray,
  hostArray,
  inOrder,
  input,
  matmul,
  type Tensor,
} from "../src/tensor/index.ts";

/** Sizes that feeds give to a program's named dimensions. */
export function sizesOf(
  outputs: readonly Tensor[],
  feeds: Readonly<Record<string, HostArray>>,
): ReadonlyMap<string, number> {
  const sizes = new Map<string, number>();
  for (const tensor of inOrder(outputs)) {
    const { name } = (tensor.attributes ?? {}) as { name?: string };
    const given = name === undefined ? undefined : feeds[name];
    if (!given) continue;
    tensor.shape.forEach((size, axis) => {
      if (typeof size === "string" && /^\w+$/.test(size)) sizes.set(size, given.shape[axis]);
    });
  }
  return sizes;
}

/**
 * Floating-point operations of all matrix products and convolutions of a forward pass, composite operations written out.
 *
 * @param times how often the arithmetic of a product with these factors counts
 */
export function productFlops(
  outputs: readonly Tensor[],
  sizes: ReadonlyMap<string, number>,
  times: (factors: readonly Tensor[]) => number = () => 1,
): number {
  let total = 0;
  const seen = new Set<Tensor>();
  const volume = (shape: Tensor["shape"]) =>
    shape.reduce<number>((product, size) => product * evaluateDimension(size, sizes), 1);
  const count = (roots: readonly Tensor[], boundary: ReadonlySet<Tensor>) => {
    for (const tensor of inOrder(roots, boundary)) {
      if (seen.has(tensor) || boundary.has(tensor)) continue;
      seen.add(tensor);
      const { operation, inputs, attributes } = tensor;
      if (operation.name === "matmul") {
        const { transposeA } = attributes as { transposeA: boolean };
        total += times(inputs) * 2 * volume([...tensor.shape, inputs[0].shape.at(transposeA ? -2 : -1)!]);
      } else if (operation.name === "convolution") {
        // Each output value is a product with a filter: [out, in, height, width].
        total += times(inputs) * 2 * volume([...tensor.shape, ...inputs[1].shape.slice(1)]);
      } else if (operation.expand) {
        count([operation.expand(inputs, attributes)], new Set(inputs));
      }
    }
  };
  count(outputs, new Set());
  return total;
}

/**
 * The same of a training step: each product once forward, and once more for each of its factors that needs a gradient, as it depends on
 * a parameter that learns.
 */
export function trainingFlops(
  losses: readonly Tensor[],
  sizes: ReadonlyMap<string, number>,
  learning: ReadonlySet<Tensor>,
): number {
  const known = new Map<Tensor, boolean>();
  const learns = (tensor: Tensor): boolean => {
    for (const part of inOrder([tensor], known)) {
      const reaches = part.operation.name !== "detach" && part.inputs.some((input) => known.get(input));
      known.set(part, learning.has(part) || reaches);
    }
    return known.get(tensor)!;
  };
  return productFlops(losses, sizes, (factors) => 1 + factors.slice(0, 2).filter(learns).length);
}

/** GFLOPS of one 1024-cubed product in fp32, the best of several runs. */
export async function machineSpeed(): Promise<number> {
  const size = 1024;
  const [a, b] = ["a", "b"].map((name) => input(name, "float32", [size, size]));
  const lowering = { fused: true, parameters: () => undefined };
  const program = await Program.compile(nodeEngine, { product: matmul(a, b) }, lowering, { device: "cpu" });
  const values = hostArray("float32", [size, size], new Random(1).normals(size * size));
  let best = Number.POSITIVE_INFINITY;
  for (let run = 0; run < 12; run++) {
    const start = performance.now();
    await program.run({ a: values, b: values });
    best = Math.min(best, performance.now() - start);
  }
  await program.release();
  return (2 * size ** 3) / best / 1e6;
}
