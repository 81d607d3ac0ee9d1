/**
 * Which operations of a model's programs run on the GPU, and which fall back to the processor, with how many runs each. A picture is drawn,
 * edited and described. `npm run bench:placement -- [--model FOLDER] [--device webgpu] [--json]`
 */
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import * as ort from "onnxruntime-node";
import { requireDevice } from "../src/cli/probe-device.ts";
import { loadFolder } from "../src/pipeline/load-folder.ts";
import { UniPic } from "../src/pipeline/unipic.ts";
import { parseDevice } from "../src/runtime/device.ts";
import type { Engine } from "../src/runtime/engine.ts";
import { commonOptions, loadProgram, type OnnxRuntime } from "../src/runtime/session.ts";
import { machineLine } from "./machine.ts";
import { run } from "./run.ts";

/** How often each operation was run in one run of a program, by where: `{ WebGpu: { MatMul: 7 }, CPU: { Shape: 2 } }`. */
type Placement = Record<string, Record<string, number>>;

interface Profiled {
  name: string;
  prefix: string;
  session: ort.InferenceSession;
}

/** An engine that writes down where every node of every program runs. */
function profilingEngine(folder: string): { engine: Engine; programs: Profiled[] } {
  const programs: Profiled[] = [];
  const engine: Engine = {
    load(program, options) {
      const prefix = `program${programs.length}_`;
      const inputs = program.inputs.map(({ name }) => name).filter((name) => !/\d$/.test(name));
      const outputs = program.outputs.map(({ name }) => name).filter((name) => !/\d$/.test(name));
      const runtime: OnnxRuntime = {
        Tensor: ort.Tensor,
        InferenceSession: {
          async create(model: Uint8Array, settings: ort.InferenceSession.SessionOptions) {
            const session = await ort.InferenceSession.create(model, settings);
            programs.push({ name: `${inputs.join(", ")} -> ${outputs.join(", ")}`, prefix, session });
            return session;
          },
        } as ort.InferenceSessionFactory,
      };
      const settings = {
        ...commonOptions(options),
        executionProviders: [options.device],
        enableProfiling: true,
        profileFilePrefix: join(folder, prefix),
        extra: { session: { model_external_initializers_file_folder_path: options.weightsFolder } },
      };
      // Nothing is kept on the device, so that nothing has to be read back.
      return loadProgram(runtime, program, { ...options, keep: [] }, settings, () => Promise.reject(new Error("kept")));
    },
  };
  return { engine, programs };
}

interface ProfileEvent {
  cat: string;
  name: string;
  args?: { provider?: string; op_name?: string };
}

async function placementOf(folder: string, { prefix, session }: Profiled): Promise<Placement> {
  session.endProfiling();
  const file = (await readdir(folder)).find((name) => name.startsWith(prefix))!;
  const events = JSON.parse(await readFile(join(folder, file), "utf8")) as ProfileEvent[];
  const runs = events.filter(({ name }) => name === "model_run").length;
  const placement: Placement = {};
  for (const { cat, name, args } of events) {
    if (cat !== "Node" || !args?.provider || !args.op_name || !name.endsWith("kernel_time")) continue;
    const place = args.provider.replace("ExecutionProvider", "");
    placement[place] ??= {};
    placement[place][args.op_name] = (placement[place][args.op_name] ?? 0) + 1 / runs;
  }
  return placement;
}

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
  const folder = await mkdtemp(join(tmpdir(), "unipic-placement-"));
  try {
    const { engine, programs } = profilingEngine(folder);
    const model = new UniPic({ ...(await loadFolder(values.model, { device })), engine });
    const [picture] = await model.generate("a red car on the grass", { rounds: 2, steps: 2 });
    await model.edit(picture, "Change the color of the car to blue.", { rounds: 2, steps: 2 });
    await model.describe(picture, "What color is the car?", { maxTokens: 3 });
    const placements: { name: string; placement: Placement }[] = [];
    for (const each of programs) placements.push({ name: each.name, placement: await placementOf(folder, each) });
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
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

await run(main);
