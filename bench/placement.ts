/**
 * Which operations of a model's programs run on the GPU, and which fall back to the processor, with how many runs each. A picture is drawn,
 * edited and described. `npm run bench:placement -- [--model FOLDER] [--device webgpu] [--json]`
 */
import { parseArgs } from "node:util";
import { requireDevice } from "../src/cli/probe-device.ts";
import type { LoweredProgram } from "../src/onnx/lower.ts";
import { loadFolder } from "../src/pipeline/load-folder.ts";
import { UniPic } from "../src/pipeline/unipic.ts";
import { parseDevice } from "../src/runtime/device.ts";
import { machineLine } from "./machine.ts";
import { type KernelUse, profilingEngine } from "./profiling-engine.ts";
import { run } from "./run.ts";

/** How often each operation was run in one run of a program, by where: `{ WebGpu: { MatMul: 7 }, CPU: { Shape: 2 } }`. */
type Placement = Record<string, Record<string, number>>;

interface Placed {
  name: string;
  placement: Placement;
}

const placementOf = (program: LoweredProgram, kernels: readonly KernelUse[]): Placed => {
  const named = (values: readonly { name: string }[]) =>
    values
      .map(({ name }) => name)
      .filter((name) => !/\d$/.test(name))
      .join(", ");
  const placement: Placement = {};
  for (const { place, kernel, calls } of kernels) {
    placement[place] ??= {};
    placement[place][kernel] = calls;
  }
  return { name: `${named(program.inputs)} -> ${named(program.outputs)}`, placement };
};

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      model: { type: "string" },
      device: { type: "string", default: "webgpu" },
      json: { type: "boolean", default: false },
    },
  });
  const device = parseDevice(values.device);
  if (device !== "cpu") await requireDevice(device);
  const placements: Placed[] = [];
  const engine = profilingEngine((program, kernels) => placements.push(placementOf(program, kernels)));
  const model = new UniPic({ ...(await loadFolder(values.model, { device })), engine });
  const [picture] = await model.generate("a red car on the grass", { rounds: 2, steps: 2 });
  await model.edit(picture, "Change the color of the car to blue.", { rounds: 2, steps: 2 });
  await model.describe(picture, "What color is the car?", { maxTokens: 3 });
  await model.release();
  if (values.json) {
    console.log(JSON.stringify({ machine: machineLine("onnxruntime-node"), device, placements }, null, 2));
    return;
  }
  console.log(`${machineLine("onnxruntime-node")}, device ${device}`);
  for (const { name, placement } of placements) {
    console.log(`\n${name}`);
    for (const [place, nodes] of Object.entries(placement).sort()) {
      const counts = Object.entries(nodes).map(([node, count]) => `${node} ${Number(count.toFixed(1))}`);
      console.log(`  ${place}: ${counts.sort().join(", ")}`);
    }
  }
}

await run(main);
