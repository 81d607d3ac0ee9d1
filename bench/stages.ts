/**
 * Time and speed of every part at the official model's size, with random weights, on this processor: one round of drawing in the middle
 * of a picture (half of its tokens visible, guided), and what comes before and after. `npm run bench:stages -- [pixels ...] [--json]`
 *
 * A part is loaded alone, run once to warm up and then timed. Its arithmetic counts matrix products and convolutions only.
 */
import { join } from "node:path";
import { parseArgs } from "node:util";
import { UserError } from "../src/errors.ts";
import { unipic15b } from "../src/models/presets.ts";
import { tokenPixels } from "../src/models/programs.ts";
import { nodeEngine } from "../src/runtime/node.ts";
import { Program } from "../src/runtime/program.ts";
import { wholeNumber } from "./arguments.ts";
import { machineLine } from "./machine.ts";
import { type Part, partsOf } from "./official-parts.ts";
import { machineSpeed, productFlops, sizesOf } from "./product-flops.ts";
import { writeRandomWeights } from "./random-weights.ts";
import { run } from "./run.ts";
import { withFolder } from "./scratch.ts";

interface Measured {
  pixels: number;
  part: string;
  times: number;
  seconds: number;
  gflops: number;
}

async function measure({ traced, feeds, repeats }: Part): Promise<{ seconds: number; flop: number }> {
  return withFolder(async (folder) => {
    const parameters = await writeRandomWeights(join(folder, "weights.bin"), traced.parameters);
    const options = { device: "cpu", weightsFolder: folder } as const;
    const program = await Program.compile(nodeEngine, traced.outputs, { fused: true, parameters }, options);
    const taken = Object.fromEntries(program.inputs.map(({ name }) => [name, feeds[name]]));
    await program.run(taken);
    const start = performance.now();
    for (let i = 0; i < repeats; i++) await program.run(taken);
    const seconds = (performance.now() - start) / 1000;
    await program.release();
    const outputs = Object.values(traced.outputs);
    return { seconds, flop: repeats * productFlops(outputs, sizesOf(outputs, feeds)) };
  });
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { json: { type: "boolean", default: false } },
  });
  const sizes = (positionals.length ? positionals : ["256", "512"]).map((text) => wholeNumber("pixels", text, 1));
  const token = tokenPixels(unipic15b.mar);
  const odd = sizes.find((size) => size % token !== 0);
  if (odd) throw new UserError(`A side must be a multiple of ${token} pixels, not ${odd}.`);

  const product = await machineSpeed();
  const results: Measured[] = [];
  if (!values.json) {
    console.log(machineLine("onnxruntime-node"));
    console.log(`matrix product 1024x1024x1024, fp32: ${product.toFixed(0)} GFLOPS\n`);
    console.log("| picture | part | runs | seconds | GFLOPS | of the product |\n|---|---|---|---|---|---|");
  }
  for (const pixels of sizes) {
    // What does not depend on the picture's size is measured with the first.
    const parts = partsOf(unipic15b, pixels).filter((part) => part.sized || pixels === sizes[0]);
    for (const part of parts) {
      const { seconds, flop } = await measure(part);
      const gflops = flop / seconds / 1e9;
      results.push({ pixels, part: part.name, times: part.repeats, seconds, gflops });
      const share = `${((100 * gflops) / product).toFixed(0)} %`;
      const cells = [`${pixels} px`, part.name, part.repeats, seconds.toFixed(2), gflops.toFixed(0), share];
      if (!values.json) console.log(`| ${cells.join(" | ")} |`);
    }
  }
  if (values.json) {
    console.log(JSON.stringify({ machine: machineLine("onnxruntime-node"), productGflops: product, results }, null, 2));
  }
}

await run(main);
