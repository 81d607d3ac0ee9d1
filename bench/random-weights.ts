import { open } from "node:fs/promises";
import { basename } from "node:path";
import type { LoweringOptions } from "../src/onnx/lower.ts";
import { Random } from "../src/random.ts";
import { sizeOf, type Tensor } from "../src/tensor/index.ts";

const BLOCK = 1 << 22;
const DEVIATION = 0.02;
/** Tensors begin on a page, so that the engine can map them. */
const PAGE = 4096;
/** Each tensor begins this much later in the block: the engine keeps weights that are equal only once. */
const STEP = 64 * 1009;

/** Writes a file of random fp32 weights of these shapes, and says where each stands in it. Only for measuring time and memory. */
export async function writeRandomWeights(
  path: string,
  parameters: ReadonlyMap<string, Tensor>,
): Promise<LoweringOptions["parameters"]> {
  // One block over and over: drawing billions of numbers would take longer than what is measured.
  const block = new Random(1).normals(BLOCK).map((value) => value * DEVIATION);
  const bytes = new Uint8Array(block.buffer);
  const file = await open(path, "w");
  const places = new Map<string, { offset: number; length: number }>();
  let offset = 0;
  try {
    for (const [name, { shape }] of parameters) {
      const length = 4 * (sizeOf(shape) as number);
      let from = (places.size * STEP) % bytes.length;
      for (let done = 0; done < length; ) {
        const count = Math.min(bytes.length - from, length - done);
        await file.write(bytes, from, count, offset + done);
        done += count;
        from = 0;
      }
      places.set(name, { offset, length });
      offset = Math.ceil((offset + length) / PAGE) * PAGE;
    }
  } finally {
    await file.close();
  }
  return (name, shape) => {
    const place = places.get(name);
    return place && { dtype: "float32", shape, file: basename(path), ...place };
  };
}
