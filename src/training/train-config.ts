import type { PlanOptions } from "../data/index.ts";
import { UserError } from "../errors.ts";
import { parseConfig, type UniPicConfig } from "../models/config.ts";
import { unipic15b, unipicMini } from "../models/presets.ts";
import type { PerTask, StageConfig } from "./stage.ts";

/** A training run: the file given to `unipic train --config`. */
export interface TrainConfig {
  seed: number;
  model: UniPicConfig;
  /** Words that the tokenizer learns from this many captions, questions and instructions, into a vocabulary of at most this size. */
  tokenizer: { samples: number; vocabularySize: number };
  /** How the autoencoder is fitted before the stages. */
  vae: { steps: number; batch: number; learningRate: number; noise: number; scenes: PlanOptions };
  stages: StageConfig[];
  /** Steps between two checkpoints, and between two sheets of samples. */
  checkpointEvery: number;
  sampleEvery: number;
}

type Json = Record<string, unknown>;

const PRESETS: Record<string, UniPicConfig> = { "unipic-mini": unipicMini, "unipic-1.5b": unipic15b };

const isObject = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Reads a parsed training file, filling in defaults; says which entry is wrong and what would be right. */
export function parseTrainConfig(json: unknown, where: string): TrainConfig {
  if (!isObject(json)) throw new UserError(`${where} is not a JSON object, so it is not a training configuration.`);
  const known = ["seed", "model", "tokenizer", "vae", "stages", "checkpointEvery", "sampleEvery"];
  const stray = Object.keys(json).find((key) => !known.includes(key));
  if (stray) throw new UserError(`${where} has an unknown entry "${stray}"; there are ${known.join(", ")}.`);
  if (!Array.isArray(json.stages) || json.stages.length === 0) {
    throw new UserError(`${where} needs "stages", a list with at least one stage.`);
  }
  return {
    seed: number(json, "seed", where, 0),
    model: parseModel(json.model ?? "unipic-mini", where),
    tokenizer: { samples: 20_000, vocabularySize: 1024, ...object(json, "tokenizer", where) },
    vae: { steps: 900, batch: 32, learningRate: 2e-3, noise: 0.3, scenes: {}, ...object(json, "vae", where) },
    stages: json.stages.map((stage, i) => parseStage(stage, `${where}: stage ${i + 1}`)),
    checkpointEvery: number(json, "checkpointEvery", where, 500),
    sampleEvery: number(json, "sampleEvery", where, 1000),
  };
}

function parseModel(model: unknown, where: string): UniPicConfig {
  if (typeof model === "string") {
    const preset = PRESETS[model];
    if (!preset)
      throw new UserError(`${where}: there is no preset "${model}"; there are ${Object.keys(PRESETS).join(" and ")}.`);
    return preset;
  }
  return parseConfig(model, `${where}: model`);
}

function parseStage(stage: unknown, where: string): StageConfig {
  if (!isObject(stage)) throw new UserError(`${where} is not an object.`);
  const steps = number(stage, "steps", where);
  const schedule = stage.schedule ?? "cosine";
  if (schedule !== "cosine" && schedule !== "constant") {
    throw new UserError(`${where}: "schedule" must be "cosine" or "constant", not ${JSON.stringify(schedule)}.`);
  }
  const batch = perTask(stage, "batch", where, { generation: 0, editing: 0, understanding: 0 });
  if (batch.generation + batch.editing + batch.understanding === 0) {
    throw new UserError(`${where}: "batch" must be above 0 for at least one of generation, editing, understanding.`);
  }
  return {
    ...(stage as unknown as StageConfig),
    name: typeof stage.name === "string" ? stage.name : where,
    steps,
    batch,
    weights: perTask(stage, "weights", where, { generation: 1, editing: 1, understanding: 0.01 }),
    learningRate: number(stage, "learningRate", where),
    schedule,
    warmup: number(stage, "warmup", where, Math.round(steps / 100)),
    weightDecay: number(stage, "weightDecay", where, 0.02),
    ema: number(stage, "ema", where, 0.999),
    scenes: object(stage, "scenes", where),
  };
}

function number(json: Json, key: string, where: string, fallback?: number): number {
  const value = json[key] ?? fallback;
  if (typeof value === "number" && Number.isFinite(value) && value >= 0) return value;
  throw new UserError(`${where}: "${key}" must be a number of at least 0, not ${JSON.stringify(value)}.`);
}

function object(json: Json, key: string, where: string): Json {
  const value = json[key] ?? {};
  if (isObject(value)) return value;
  throw new UserError(`${where}: "${key}" must be an object, not ${JSON.stringify(value)}.`);
}

function perTask(json: Json, key: string, where: string, fallback: PerTask): PerTask {
  const given = object(json, key, where);
  const tasks = Object.keys(fallback);
  const stray = Object.keys(given).find((task) => !tasks.includes(task));
  if (stray) throw new UserError(`${where}: "${key}" has an unknown task "${stray}"; there are ${tasks.join(", ")}.`);
  const at = (task: keyof PerTask) => number(given, task, `${where}: ${key}`, fallback[task]);
  return { generation: at("generation"), editing: at("editing"), understanding: at("understanding") };
}
