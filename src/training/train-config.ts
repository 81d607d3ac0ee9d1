import { readJson } from "../checkpoint/json.ts";
import { askQuestions, type PlanOptions, planEdit, planScene, tellScene } from "../data/index.ts";
import { UserError } from "../errors.ts";
import { parseConfig, type UniPicConfig } from "../models/config.ts";
import { unipic15b, unipicMini } from "../models/presets.ts";
import { Random } from "../random.ts";
import { withLists } from "./counted-lists.ts";
import { type DataConfig, parseData } from "./data-config.ts";
import { SOURCE_GRADIENT_SCALE } from "./losses.ts";
import { NO_SAMPLES, type PerTask, type StageConfig, samplesIn, TRAINING_TASKS } from "./stage.ts";
import { isObject, type Json, withLikenesses } from "./stage-like.ts";
import { checkSize, type StageSize, sizeOf } from "./stage-size.ts";

/** A training run: the file given to `unipic train --config`. */
export interface TrainConfig {
  seed: number;
  /** Steps between two checkpoints, between two sheets of samples, and between two measurements of the scores; 0 for none of them. */
  checkpointEvery: number;
  sampleEvery: number;
  scoreEvery: number;
  /** Pictures that are drawn, and as many that are described, for a measurement; half as many are edited. */
  scoreTasks: number;
  model: UniPicConfig;
  /** Words that the tokenizer learns from this many captions, questions and instructions, into a vocabulary of at most this size. */
  tokenizer: { samples: number; vocabularySize: number };
  /** What the tokenizer and the autoencoder learn from, and every stage that names no data of its own; the picture world when left out. */
  data?: DataConfig;
  /** How the autoencoder is fitted before the stages. */
  vae: { steps: number; batch: number; learningRate: number; noise: number; scenes: PlanOptions };
  stages: StageConfig[];
}

const ENTRIES = [
  "seed",
  "checkpointEvery",
  "sampleEvery",
  "scoreEvery",
  "scoreTasks",
  "model",
  "tokenizer",
  "data",
  "vae",
  "scenes",
  "stages",
];

const STAGE_ENTRIES = [
  "name",
  "like",
  "steps",
  "size",
  "batch",
  "weights",
  "learningRate",
  "schedule",
  "warmup",
  "weightDecay",
  "optimizer",
  "timestepShift",
  "ema",
  "trains",
  "freezes",
  "data",
  "scenes",
  "captions",
  "edits",
  "repeats",
  "sourceGradient",
  "seen",
  "questions",
  "questionTokens",
  "wordDropout",
];

/** What losses count where a stage does not say. */
const WEIGHTS: PerTask = {
  generation: 1,
  editing: 1,
  understanding: 0.01,
  contrast: 1,
  grounding: 1,
  layout: 1,
  changing: 1,
};

/** Scenes are told in three forms, some of which need more objects than others. */
const FORMS_TRIED = 12;

const PRESETS: Record<string, UniPicConfig> = { "unipic-mini": unipicMini, "unipic-1.5b": unipic15b };

/**
 * Reads a training file.
 *
 * @throws UserError naming the file and the entry that is wrong
 */
export const readTrainConfig = async (path: string): Promise<TrainConfig> =>
  parseTrainConfig(await readJson(path), path);

/** Reads a parsed training file, filling in defaults; says which entry is wrong and what would be right. */
export function parseTrainConfig(json: unknown, where: string): TrainConfig {
  if (!isObject(json)) throw new UserError(`${where} is not a JSON object, so it is not a training configuration.`);
  refuseStray(json, ENTRIES, where);
  if (!Array.isArray(json.stages) || json.stages.length === 0) {
    throw new UserError(`${where} needs "stages", a list with at least one stage.`);
  }
  const data = json.data === undefined ? undefined : parseData(json.data, `${where}: data`);
  const model = parseModel(json.model ?? "unipic-mini", where);
  const shared = { data, scenes: lists(json, "scenes", where) as PlanOptions };
  return {
    seed: whole(json, "seed", where, 0),
    checkpointEvery: whole(json, "checkpointEvery", where, 500),
    sampleEvery: whole(json, "sampleEvery", where, 1000),
    scoreEvery: whole(json, "scoreEvery", where, 1000),
    scoreTasks: whole(json, "scoreTasks", where, 48, 1),
    model,
    tokenizer: parseTokenizer(object(json, "tokenizer", where), `${where}: tokenizer`),
    data,
    vae: parseVae(object(json, "vae", where), `${where}: vae`),
    stages: withLikenesses(json.stages, where).map((stage, i) =>
      parseStage(stage, `${where}: stage ${i + 1}`, model, shared),
    ),
  };
}

function parseTokenizer(json: Json, where: string): TrainConfig["tokenizer"] {
  refuseStray(json, ["samples", "vocabularySize"], where);
  return {
    samples: whole(json, "samples", where, 20_000, 1),
    vocabularySize: whole(json, "vocabularySize", where, 1024, 1),
  };
}

function parseVae(json: Json, where: string): TrainConfig["vae"] {
  refuseStray(json, ["steps", "batch", "learningRate", "noise", "scenes"], where);
  return {
    steps: whole(json, "steps", where, 900),
    batch: whole(json, "batch", where, 32, 1),
    learningRate: number(json, "learningRate", where, 2e-3),
    noise: number(json, "noise", where, 0.3),
    scenes: drawable(lists(json, "scenes", where), where),
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

/** @param shared what every stage has that says nothing else */
function parseStage(
  stage: unknown,
  where: string,
  model: UniPicConfig,
  shared: Pick<StageConfig, "data" | "scenes">,
): StageConfig {
  if (!isObject(stage)) throw new UserError(`${where} is not an object.`);
  refuseStray(stage, STAGE_ENTRIES, where);
  const steps = whole(stage, "steps", where);
  const schedule = eitherOf(stage, "schedule", where, ["cosine", "constant"] as const);
  const optimizer = eitherOf(stage, "optimizer", where, ["adamw", "muon"] as const);
  const batch = perTask(stage, "batch", where, NO_SAMPLES);
  if (samplesIn(batch) === 0) {
    throw new UserError(`${where}: "batch" must be above 0 for at least one of ${TRAINING_TASKS.join(", ")}.`);
  }
  const scenes = drawable({ ...shared.scenes, ...lists(stage, "scenes", where) }, where);
  const edits = lists(stage, "edits", where) as StageConfig["edits"];
  const seen = lists(stage, "seen", where) as PlanOptions;
  drawable({ ...scenes, ...seen }, `${where}: seen`);
  const questions = lists(stage, "questions", where) as StageConfig["questions"];
  tryOut(where, () => {
    if (batch.editing > 0 || batch.changing > 0) planEdit(new Random(0), { ...scenes, ...edits });
    for (let i = 0; i < (batch.layout > 0 ? FORMS_TRIED : 0); i++) tellScene(new Random(i), { ...scenes, ...seen });
    if (batch.understanding > 0) askQuestions(new Random(0), planScene(new Random(0), scenes), questions);
  });
  const ema = number(stage, "ema", where, 0.999);
  if (ema >= 1)
    throw new UserError(`${where}: "ema" must be below 1, not ${ema}: it is the share of the average that is kept.`);
  const timestepShift = number(stage, "timestepShift", where, 1);
  if (timestepShift === 0)
    throw new UserError(`${where}: "timestepShift" must be above 0; 1 leaves timesteps uniform.`);
  const repeats = number(stage, "repeats", where, 0.1);
  if (repeats > 1) throw new UserError(`${where}: "repeats" is a share of the edits, at most 1, not ${repeats}.`);
  const wordDropout = number(stage, "wordDropout", where, 0);
  if (wordDropout > 1)
    throw new UserError(`${where}: "wordDropout" is a share of words, at most 1, not ${wordDropout}.`);
  return {
    name: typeof stage.name === "string" ? stage.name : where,
    steps,
    size: parseSize(object(stage, "size", where), model, `${where}: "size"`),
    batch,
    weights: perTask(stage, "weights", where, WEIGHTS),
    learningRate: number(stage, "learningRate", where),
    schedule,
    warmup: whole(stage, "warmup", where, Math.round(steps / 100)),
    weightDecay: number(stage, "weightDecay", where, 0.02),
    optimizer,
    timestepShift,
    ema,
    trains: names(stage, "trains", where),
    freezes: names(stage, "freezes", where),
    data: stage.data === undefined ? shared.data : parseData(stage.data, `${where}: data`),
    scenes,
    captions: parseCaptions(object(stage, "captions", where), `${where}: "captions"`),
    edits,
    repeats,
    sourceGradient: number(stage, "sourceGradient", where, SOURCE_GRADIENT_SCALE),
    seen,
    questions,
    questionTokens: stage.questionTokens === undefined ? undefined : whole(stage, "questionTokens", where, 0, 1),
    wordDropout,
  };
}

function parseSize(json: Json, model: UniPicConfig, where: string): StageSize {
  const own = sizeOf(model);
  refuseStray(json, Object.keys(own), where);
  const size = {
    generation: whole(json, "generation", where, own.generation, 1),
    understanding: whole(json, "understanding", where, own.understanding, 1),
  };
  checkSize(size, model, where);
  return size;
}

function parseCaptions(json: Json, where: string): StageConfig["captions"] {
  refuseStray(json, ["background", "sentences"], where);
  const { background, sentences } = json;
  if (background !== undefined && !["always", "never", "sometimes"].includes(background as string)) {
    throw new UserError(
      `${where}: "background" must be "always", "never" or "sometimes", not ${JSON.stringify(background)}.`,
    );
  }
  if (sentences !== undefined && typeof sentences !== "boolean") {
    throw new UserError(`${where}: "sentences" must be true or false, not ${JSON.stringify(sentences)}.`);
  }
  return json;
}

/** One of two texts; the first where nothing is said. */
function eitherOf<First extends string, Second extends string>(
  json: Json,
  key: string,
  where: string,
  [first, second]: readonly [First, Second],
): First | Second {
  const value = json[key] ?? first;
  if (value === first || value === second) return value as First | Second;
  throw new UserError(`${where}: "${key}" must be "${first}" or "${second}", not ${JSON.stringify(value)}.`);
}

function number(json: Json, key: string, where: string, fallback?: number): number {
  const value = json[key] ?? fallback;
  if (typeof value === "number" && Number.isFinite(value) && value >= 0) return value;
  throw new UserError(`${where}: "${key}" must be a number of at least 0, not ${JSON.stringify(value)}.`);
}

function whole(json: Json, key: string, where: string, fallback?: number, least = 0): number {
  const value = number(json, key, where, fallback);
  if (Number.isInteger(value) && value >= least) return value;
  throw new UserError(`${where}: "${key}" must be a whole number of at least ${least}, not ${value}.`);
}

function names(json: Json, key: string, where: string): string[] | undefined {
  const value = json[key];
  if (value === undefined) return undefined;
  if (Array.isArray(value) && value.length > 0 && value.every((item) => typeof item === "string")) return value;
  throw new UserError(
    `${where}: "${key}" must be a list of patterns of parameter names, such as ["mar.", "proj_"], not ${JSON.stringify(value)}.`,
  );
}

function refuseStray(json: Json, known: readonly string[], where: string): void {
  const stray = Object.keys(json).find((key) => !known.includes(key));
  if (stray) throw new UserError(`${where} has an unknown entry "${stray}"; there are ${known.join(", ")}.`);
}

/** Scene options from which a scene can be drawn. */
function drawable(scenes: PlanOptions, where: string): PlanOptions {
  tryOut(where, () => planScene(new Random(0), scenes));
  return scenes;
}

/** A wrong entry is better found here than by a thread that makes batches. */
function tryOut(where: string, action: () => void): void {
  try {
    action();
  } catch (error) {
    throw new UserError(`${where}: ${(error as Error).message}`, { cause: error });
  }
}

function object(json: Json, key: string, where: string): Json {
  const value = json[key] ?? {};
  if (isObject(value)) return value;
  throw new UserError(`${where}: "${key}" must be an object, not ${JSON.stringify(value)}.`);
}

const lists = (json: Json, key: string, where: string): Json =>
  withLists(object(json, key, where), `${where}: "${key}"`);

function perTask(json: Json, key: string, where: string, fallback: PerTask): PerTask {
  const given = object(json, key, where);
  refuseStray(given, Object.keys(fallback), `${where}: "${key}"`);
  const read = key === "batch" ? whole : number;
  const entries = TRAINING_TASKS.map((task) => [task, read(given, task, `${where}: ${key}`, fallback[task])]);
  return Object.fromEntries(entries) as PerTask;
}
