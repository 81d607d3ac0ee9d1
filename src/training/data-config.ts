import { type DataTask, draws, TASKS } from "../data/sets/index.ts";
import { UserError } from "../errors.ts";
import type { UniPicConfig } from "../models/config.ts";

/** What a stage learns from, where that is not the picture world alone. */
export interface DataConfig {
  sources: DataSource[];
  /** Samples of each source that are shuffled among each other. */
  shuffle: number;
  /** Learn to draw from latents that are encoded once and kept beside the data, instead of from pictures. */
  latents: boolean;
  /** The most tokens that are taken of a caption, question, answer or instruction. */
  longestText: number;
  /** Threads that decode pictures; one fewer than there are cores otherwise. What is learned does not depend on it. */
  threads?: number;
}

/** One source of a mixture. */
export interface DataSource {
  /** A folder of tar shards or of pictures, or a shard; the picture world, drawn on the fly, where there is none. */
  path?: string;
  /** How often it is drawn from, relative to the other sources that serve the same task. */
  weight: number;
  /** The tasks that it serves; where nothing is said the picture world serves all, and data what its first samples can. */
  tasks?: DataTask[];
}

type Json = Record<string, unknown>;

/** Whether a task of a stage reads latents. Edits whose sources the vision tower sees, too, need the pictures. */
export const readsLatents = (
  task: DataTask,
  { editing_vision }: Pick<UniPicConfig, "editing_vision">,
  data?: Pick<DataConfig, "latents">,
): boolean => data?.latents === true && draws(task) && !(task === "editing" && editing_vision);

const ENTRIES = ["sources", "shuffle", "latents", "longestText", "threads"];
const SOURCE_ENTRIES = ["world", "path", "weight", "tasks"];

/** Reads a `data` entry. */
export function parseData(json: unknown, where: string): DataConfig {
  const data = requireObject(json, where, ENTRIES);
  if (!Array.isArray(data.sources) || data.sources.length === 0) {
    throw new UserError(`${where}: "sources" must be a list with at least one source, such as { "path": "pictures" }.`);
  }
  const latents = data.latents ?? false;
  if (typeof latents !== "boolean") {
    throw new UserError(`${where}: "latents" must be true or false, not ${JSON.stringify(latents)}.`);
  }
  const sources = data.sources.map((source, i) => parseSource(source, `${where}: source ${i + 1}`));
  const paths = sources.map(({ path }) => path ?? "");
  const twice = paths.find((path, i) => paths.indexOf(path) !== i);
  if (twice !== undefined) {
    throw new UserError(
      `${where}: ${twice === "" ? "the picture world" : `"${twice}"`} is a source twice; once is enough.`,
    );
  }
  const drawsWorld = ({ path, tasks }: DataSource) => path === undefined && (tasks === undefined || tasks.some(draws));
  if (latents && sources.some(drawsWorld)) {
    throw new UserError(
      `${where}: the picture world is drawn on the fly and has no latents: leave "latents" out, give it "tasks": ["understanding"], ` +
        `or build shards of it with unipic data build.`,
    );
  }
  return {
    sources,
    shuffle: whole(data, "shuffle", where, 1, 1_000_000) ?? 1000,
    latents,
    longestText: whole(data, "longestText", where, 1, 4096) ?? 128,
    threads: whole(data, "threads", where, 0, 256),
  };
}

function parseSource(json: unknown, where: string): DataSource {
  const source = requireObject(json, where, SOURCE_ENTRIES);
  const { world, path, weight = 1, tasks } = source;
  if ((world === true) === (path !== undefined)) {
    throw new UserError(`${where} must have either "path", a folder of shards or pictures, or "world": true.`);
  }
  if (path !== undefined && (typeof path !== "string" || path === "")) {
    throw new UserError(`${where}: "path" must name a folder of shards or pictures, not ${JSON.stringify(path)}.`);
  }
  if (typeof weight !== "number" || !(weight > 0 && Number.isFinite(weight))) {
    throw new UserError(`${where}: "weight" must be a number above 0, not ${JSON.stringify(weight)}.`);
  }
  const isTask = (task: unknown) => TASKS.includes(task as DataTask);
  if (tasks !== undefined && !(Array.isArray(tasks) && tasks.length > 0 && tasks.every(isTask))) {
    throw new UserError(`${where}: "tasks" must be a list of ${TASKS.join(", ")}, not ${JSON.stringify(tasks)}.`);
  }
  return { path, weight, tasks: tasks as DataTask[] | undefined };
}

function whole(json: Json, key: string, where: string, least: number, most: number): number | undefined {
  const value = json[key];
  if (value === undefined) return undefined;
  if (typeof value === "number" && Number.isInteger(value) && value >= least && value <= most) return value;
  throw new UserError(
    `${where}: "${key}" must be a whole number from ${least} to ${most}, not ${JSON.stringify(value)}.`,
  );
}

function requireObject(json: unknown, where: string, known: readonly string[]): Json {
  if (typeof json !== "object" || json === null || Array.isArray(json))
    throw new UserError(`${where} is not an object.`);
  const stray = Object.keys(json).find((key) => !known.includes(key));
  if (stray) throw new UserError(`${where} has an unknown entry "${stray}"; there are ${known.join(", ")}.`);
  return json as Json;
}
