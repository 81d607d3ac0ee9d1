import { access, mkdir, readdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  openCheckpoint,
  openSafetensors,
  readWeight,
  type StoredTensor,
  toFloat32,
  weightNames,
  writeSafetensors,
} from "../checkpoint/index.ts";
import { UserError } from "../errors.ts";
import { hostArray } from "../tensor/dtype.ts";
import type { DataCursors } from "./data-batches.ts";
import type { Values } from "./parameters.ts";
import type { TrainingState } from "./training-program.ts";

/** Where a run stands, beside its numbers. */
export interface RunPosition {
  /** Index of the stage in the configuration. */
  stage: number;
  /** Steps done in that stage. */
  stageStep: number;
  /** Optimizer steps and samples in all stages so far. */
  step: number;
  samples: number;
  /** Where the stage's data sets stand, if it has any. */
  cursors?: DataCursors;
}

const GROUPS = ["parameters", "moment1", "moment2", "average"] as const;
const STATE_FILE = "state.safetensors";

/** Values as tensors to write, under a prefix. */
export function asTensors(values: Values, prefix = ""): StoredTensor[] {
  return [...values].map(([name, { shape, data }]) => ({
    name: prefix + name,
    dtype: "F32",
    shape: [...shape],
    bytes: new Uint8Array(data.buffer as ArrayBuffer, data.byteOffset, data.byteLength),
  }));
}

/** Writes everything needed to continue exactly. The position is inside the same file, so the two can never disagree. */
export async function saveState(folder: string, state: TrainingState, position: RunPosition): Promise<void> {
  await mkdir(folder, { recursive: true });
  const tensors = GROUPS.flatMap((group) => (state[group] ? asTensors(state[group], `${group}|`) : []));
  await writeSafetensors(join(folder, STATE_FILE), tensors, { position: JSON.stringify(position) });
}

/** Reads what {@link saveState} wrote, all of it or the groups that are `wanted`, or gives undefined where there is nothing yet. */
export async function loadState(
  folder: string,
  wanted: readonly (typeof GROUPS)[number][] = GROUPS,
): Promise<{ state: Partial<TrainingState>; position: RunPosition } | undefined> {
  const path = join(folder, STATE_FILE);
  try {
    await access(path);
  } catch {
    return undefined;
  }
  const file = await openSafetensors(path);
  try {
    const position = parsePosition(file.metadata.position, path);
    const state: Partial<TrainingState> = { step: position.step };
    for (const name of file.entries.keys()) {
      const cut = name.indexOf("|");
      const group = GROUPS.find((candidate) => candidate === name.slice(0, cut));
      if (!group) throw new UserError(`"${path}" is not the state of a training run: it holds a tensor "${name}".`);
      if (!wanted.includes(group)) continue;
      state[group] ??= new Map();
      const tensor = await file.read(name);
      state[group].set(name.slice(cut + 1), hostArray("float32", tensor.shape, toFloat32(tensor)));
    }
    return { state, position };
  } finally {
    await file.close();
  }
}

/** What a `StreamCursor` holds. */
const CURSOR_COUNTS = ["epoch", "shard", "position", "buffer", "given", "shards", "read", "bad"];

function parsePosition(text: string | undefined, path: string): RunPosition {
  try {
    const position = JSON.parse(text ?? "") as RunPosition;
    const counts = [position.stage, position.stageStep, position.step, position.samples];
    const cursors = Object.values(position.cursors ?? {}).flatMap((cursor) =>
      CURSOR_COUNTS.map((name) => (cursor as unknown as Record<string, number>)[name]),
    );
    if ([...counts, ...cursors].every((value) => Number.isInteger(value) && value >= 0)) return position;
  } catch {}
  throw new UserError(`"${path}" does not say where the training run stands, so it cannot be continued from it.`);
}

const UNFINISHED = /^(state|vae)\.safetensors\..+\.tmp$/;

/** Removes what a run that was killed while it was writing has left: files that were never finished, each as large as a whole one. */
export async function discardUnfinished(folder: string): Promise<void> {
  const names = await readdir(folder).catch(() => []);
  await Promise.all(
    names.filter((name) => UNFINISHED.test(name)).map((name) => rm(join(folder, name), { force: true })),
  );
}

/** Reads all float weights of a checkpoint (a folder or a file) into memory, to start from. */
export async function readValues(path: string): Promise<Values> {
  const reader = await openCheckpoint(path);
  try {
    const values: Values = new Map();
    for (const name of weightNames(reader)) {
      const weight = await readWeight(reader, name);
      values.set(name, hostArray("float32", weight.shape, weight.values));
    }
    return values;
  } finally {
    await reader.close();
  }
}

/** Writes a small file so that it is there whole or not at all. */
export async function writeWhole(path: string, contents: string | Uint8Array): Promise<void> {
  await writeFile(`${path}.tmp`, contents);
  await rename(`${path}.tmp`, path);
}
