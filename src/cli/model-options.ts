/** The options that say which model computes where; every command that uses a model has them. */
import { access } from "node:fs/promises";
import type { Command } from "commander";
import { UserError } from "../errors.ts";
import type { UniPic } from "../pipeline/unipic.ts";
import { type Device, parseDevice } from "../runtime/device.ts";
import { parseMemory, wholeNumberFor } from "./values.ts";

export interface ModelOptions {
  model?: string;
  device: Device;
  threads?: number;
  memory?: number;
}

export function addModelOptions(command: Command): Command {
  return command
    .option("--model <folder>", "model folder (default: the model that ships with the package)")
    .option("--device <name>", "where to compute: cpu, webgpu or cuda", parseDevice, "cpu")
    .option("--threads <n>", "threads on the CPU (default: all cores)", wholeNumberFor("--threads", 1))
    .option("--memory <size>", "most memory to take on the CPU, such as 6GB (default: what is free)", parseMemory);
}

/** The folder of the model that the options name. */
export async function modelFolderOf({ model }: Pick<ModelOptions, "model">): Promise<string> {
  if (model !== undefined) return model;
  const { DEFAULT_MODEL } = await import("../pipeline/load-folder.ts");
  await access(DEFAULT_MODEL).catch(() => {
    throw new UserError(`The package's own model is not at "${DEFAULT_MODEL}"; name a model folder with --model.`);
  });
  return DEFAULT_MODEL;
}

/** Loads the model that the options name, lends it out, and frees its memory. */
export async function withModel<T>(
  folder: string,
  options: ModelOptions,
  use: (model: UniPic) => Promise<T>,
): Promise<T> {
  if (options.device !== "cpu") await (await import("./probe-device.ts")).requireDevice(options.device);
  const { UniPic } = await import("../pipeline/unipic.ts");
  const model = await UniPic.load(folder, { device: options.device, threads: options.threads, memory: options.memory });
  try {
    return await use(model);
  } finally {
    await model.release();
  }
}
