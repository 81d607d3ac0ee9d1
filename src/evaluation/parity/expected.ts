import { readJson } from "../../checkpoint/json.ts";
import { UserError } from "../../errors.ts";
import { type ParityCase, type ParityOutput, recordedOutput } from "./parity-case.ts";
import { exact, type Tolerance, toleranceOf } from "./tolerance.ts";

/** One output that a runner must produce, and how it is judged. */
export interface ExpectedOutput {
  tolerance: Tolerance;
  value: ParityOutput;
  ignore?: (place: number) => boolean;
}

/**
 * Everything a case's runner must produce: the outputs its manifest entry lists, and what some kinds state elsewhere:
 *
 * - schedule: `f64.<name>.<array>` from its JSON file, float64;
 * - adamw: `lr_table_f64`, float64, from its params;
 * - preprocess: `<name>.png`, the decoded PNG file [height, width, 3], from its `<name>.rgb` input;
 * - checkpoint: instead of the bare names, `<file>:<name>` for every torch file, made by {@link storedOutput}, and
 *   `<file>:plain` for files of nested values, 1 for each of the params' `nested` entries that was read back.
 */
export async function expectedOutputs(context: ParityCase): Promise<Map<string, ExpectedOutput>> {
  if (context.entry.kind === "checkpoint") return checkpointOutputs(context);
  const outputs = new Map<string, ExpectedOutput>();
  for (const [name, entry] of Object.entries(context.entry.outputs)) {
    // The unconditional rows of a guided sampler: the official code computes them but uses them for nothing.
    if (name.endsWith("_dontcare")) continue;
    const value = recordedOutput(await context.expected(name));
    const tolerance = toleranceOf(context.entry.kind, name, entry);
    outputs.set(name, { value, tolerance, ignore: await paddingOf(context, name) });
  }
  if (context.entry.kind === "schedule") await addFloat64Schedules(context, outputs);
  if (context.entry.kind === "adamw") addLearningRates(context, outputs);
  if (context.entry.kind === "preprocess") await addPngs(context, outputs);
  return outputs;
}

/** Qwen2's states and logits mean nothing where the attention mask is 0. */
async function paddingOf(context: ParityCase, name: string): Promise<ExpectedOutput["ignore"]> {
  if (context.entry.kind !== "qwen2" || !["last_hidden_state", "logits"].includes(name)) return undefined;
  const mask = (await context.input("attention_mask")).integers(); // [rows, sequence]
  const width = context.entry.outputs[name].shape.at(-1)!;
  return (place) => mask[Math.floor(place / width)] === 0n;
}

async function addFloat64Schedules(context: ParityCase, outputs: Map<string, ExpectedOutput>): Promise<void> {
  for (const file of context.entry.extraFiles.filter((name) => name.endsWith(".json"))) {
    for (const [schedule, arrays] of Object.entries(await readJson(context.file(file)))) {
      for (const [array, values] of Object.entries(arrays as Record<string, unknown>)) {
        if (!Array.isArray(values)) continue;
        const dtype = array === "timestep_map" ? "I64" : "F64";
        const tolerance = toleranceOf("schedule", array, { dtype, shape: [values.length] });
        outputs.set(`f64.${schedule}.${array}`, { tolerance, value: { shape: [values.length], values } });
      }
    }
  }
}

function addLearningRates(context: ParityCase, outputs: Map<string, ExpectedOutput>): void {
  const values = context.params.lr_table_f64;
  if (!Array.isArray(values)) throw new UserError(`Case "${context.entry.name}" has no "lr_table_f64" in its params.`);
  const shape = [values.length];
  const tolerance = toleranceOf("adamw", "lr_table_f64", { dtype: "F64", shape });
  outputs.set("lr_table_f64", { tolerance, value: { shape, values } });
}

async function addPngs(context: ParityCase, outputs: Map<string, ExpectedOutput>): Promise<void> {
  for (const input of Object.keys(context.entry.inputs).filter((name) => name.endsWith(".rgb"))) {
    const value = recordedOutput(await context.input(input));
    outputs.set(input.replace(/rgb$/, "png"), { value, tolerance: exact });
  }
}

async function checkpointOutputs(context: ParityCase): Promise<Map<string, ExpectedOutput>> {
  const outputs = new Map<string, ExpectedOutput>();
  for (const file of context.entry.extraFiles) {
    for (const name of Object.keys(context.entry.outputs)) {
      const { dtype, shape, bytes } = await context.expected(name);
      outputs.set(`${file}:${name}`, { tolerance: exact, value: storedOutput(dtype, shape, bytes) });
    }
    if (file.includes("nested")) {
      const entries = Object.keys((context.params.nested ?? {}) as object).length;
      outputs.set(`${file}:plain`, {
        tolerance: exact,
        value: { shape: [entries], values: new Uint8Array(entries).fill(1) },
      });
    }
  }
  return outputs;
}

/** A stored tensor for comparison bit by bit: its element type and shape are part of what is compared. */
export function storedOutput(dtype: string, shape: readonly number[], bytes: Uint8Array): ParityOutput {
  const description = new TextEncoder().encode(`${dtype}[${shape}]:`);
  const values = new Uint8Array(description.length + bytes.length);
  values.set(description);
  values.set(bytes, description.length);
  return { shape: [values.length], values };
}
