/**
 * Time and memory of `unipic import` on official files of the official shape with random weights, and whether every tensor comes through bit
 * for bit. `npm run bench:import -- [--preset unipic-1.5b] [--folder DIR]` takes some 13 GB of disk while it runs.
 */
import { spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { byteLength, isSameTensor, openWeights, type StreamedTensor } from "../src/checkpoint/index.ts";
import { UserError } from "../src/errors.ts";
import { randomTensors } from "../src/import/random-model.ts";
import { presetNamed } from "../src/models/presets.ts";
import { writeOfficialLayout } from "../test/helpers/official-layout.ts";
import { machineLine } from "./machine.ts";
import { run } from "./run.ts";
import { withFolder } from "./scratch.ts";

const BIN = fileURLToPath(new URL("../bin/unipic.mjs", import.meta.url));
const POLL = 20;

/** Runs a command line to its end; peak resident memory in bytes, where the system tells it. */
function watched(args: readonly string[]): Promise<{ seconds: number; peak: number | undefined }> {
  return new Promise((resolve, reject) => {
    const start = performance.now();
    const child = spawn(process.execPath, [BIN, ...args], { stdio: ["ignore", "ignore", "inherit"] });
    let peak: number | undefined;
    const poll = setInterval(async () => {
      const status = await readFile(`/proc/${child.pid}/status`, "utf8").catch(() => "");
      const found = /^VmHWM:\s+(\d+) kB/m.exec(status);
      if (found) peak = 1024 * Number(found[1]);
    }, POLL);
    child.on("error", reject);
    child.on("exit", (code) => {
      clearInterval(poll);
      if (code === 0) resolve({ seconds: (performance.now() - start) / 1000, peak });
      else reject(new UserError(`unipic ${args[0]} ended with code ${code}.`));
    });
  });
}

/** The number of tensors that are the same, bit for bit; throws for the first that is not. */
async function compare(path: string, tensors: readonly StreamedTensor[]): Promise<number> {
  const file = await openWeights(path);
  try {
    for (const tensor of tensors) {
      const found = file.tensors.get(tensor.name);
      if (!found || !(await isSameTensor(found, tensor)))
        throw new UserError(`The tensor ${tensor.name} is not what it was.`);
    }
    if (file.tensors.size !== tensors.length) throw new UserError(`There are ${file.tensors.size} tensors.`);
    return tensors.length;
  } finally {
    await file.close();
  }
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { preset: { type: "string", default: "unipic-1.5b" }, folder: { type: "string", default: tmpdir() } },
  });
  const config = presetNamed(values.preset);
  if (config.vae.type === "patch") throw new UserError(`The official files have no ${values.preset}.`);
  await withFolder(async (place) => {
    const tensors = randomTensors(config, 1, "BF16");
    const sizes = tensors.map(({ dtype, shape }) => byteLength(dtype, shape));
    await writeOfficialLayout(join(place, "official"), new Map(tensors.map((each) => [each.name, each])), config);
    const { seconds, peak } = await watched(["import", join(place, "official"), "--output", join(place, "model")]);
    const gigabytes = (bytes: number) => (bytes / 1e9).toFixed(2);
    const total = sizes.reduce((sum, size) => sum + size, 0);
    console.log(machineLine("onnxruntime-node"));
    console.log(
      `${values.preset}: ${tensors.length} tensors, ${gigabytes(total)} GB, the largest ${gigabytes(Math.max(...sizes))} GB`,
    );
    console.log(`import: ${seconds.toFixed(1)} s, ${gigabytes(total / seconds)} GB/s`);
    console.log(`peak resident memory: ${peak === undefined ? "not told by this system" : `${gigabytes(peak)} GB`}`);
    console.log(`${await compare(join(place, "model"), tensors)} tensors are the same, bit for bit`);
  }, values.folder);
}

await run(main);
