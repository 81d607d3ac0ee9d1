/** What all suites share: tasks from a seed, given to an artist some at a time, and scores beside the reader's ceilings. */
import type { PlanOptions, Scene } from "../../data/index.ts";
import { UserError } from "../../errors.ts";
import type { Picture } from "../../image/index.ts";
import type { Artist, ArtistOptions } from "../artist.ts";
import type { Autoencoder } from "../autoencoder.ts";
import type { Estimate } from "../estimate.ts";
import { drawPictures, throughAutoencoder } from "../renders.ts";
import type { Looker } from "../sighting.ts";

/** The picture world that tasks are drawn from; whatever is not said is the whole world. What is held out is every suite's own business. */
export type World = Omit<PlanOptions, "heldOut" | "rainbow">;

export interface SuiteOptions {
  artist: Artist;
  reader: Looker;
  /** The model's autoencoder, for the ceiling of pictures that have been through it. */
  autoencoder?: Autoencoder;
  /** The same seed asks the same of every artist. */
  seed: number;
  /** How many tasks; each suite has its own number otherwise. */
  count?: number;
  world?: World;
  /** Tasks given to the artist at once; 16 otherwise. */
  batch?: number;
  signal?: AbortSignal;
  onProgress?: (progress: SuiteProgress) => void;
}

export interface SuiteProgress {
  suite: string;
  /** Tasks done, of how many. */
  done: number;
  total: number;
}

/** One line of a suite's table. */
export interface Score {
  /** What was asked for. */
  test: string;
  /** What has to be right. */
  right: string;
  /** Whether it is a share of what is right, or a distance between pictures, from 0 to 1, of which less is better. */
  kind: "share" | "distance";
  value: Estimate;
  /** The same of pictures that are right, one for each of the result's `ceilingsOf`; empty where no reader was used. */
  ceilings: Estimate[];
  /** The most that could be had without looking: always the likeliest answer. */
  blind?: number;
}

export interface SuiteResult {
  suite: string;
  seed: number;
  tasks: number;
  ceilingsOf: string[];
  /** The suite's one number. */
  overall: Score;
  scores: Score[];
}

/** A task with what came of it, to look at. */
export interface Exhibit {
  test: string;
  /** The prompt, instruction or question. */
  task: string;
  /** What was drawn; for an edit, source, result and exact target. */
  pictures: Picture[];
  /** What the reader saw and what is wrong with it, or what the model said. */
  outcome: string;
  /** Left out where nobody judged. */
  isRight?: boolean;
}

export interface Suite {
  name: string;
  /** How many tasks where nothing is said. */
  count: number;
  run(options: SuiteOptions): Promise<SuiteRun>;
}

export interface SuiteRun {
  result: SuiteResult;
  exhibits: Exhibit[];
}

const BATCH = 16;
const MOST_TASKS = 100_000;
/** More would not fit on a sheet, and fills memory. */
const MOST_EXHIBITS = 480;

/** The number of tasks asked for, or the suite's own. */
export function taskCount({ count }: SuiteOptions, suite: Pick<Suite, "name" | "count">): number {
  const value = count ?? suite.count;
  if (Number.isInteger(value) && value > 0 && value <= MOST_TASKS) return value;
  throw new UserError(`The count of ${suite.name} must be a whole number from 1 to ${MOST_TASKS}, not ${value}.`);
}

/**
 * Gives tasks to the artist some at a time, and checks that it has an answer to each.
 *
 * @param work answers tasks and judges the answers; `first` is the number of the first of them
 */
export async function inParts<Task, Result>(
  suite: string,
  options: SuiteOptions,
  tasks: readonly Task[],
  work: (part: Task[], options: ArtistOptions, first: number) => Promise<Result[]>,
): Promise<Result[]> {
  const { seed, batch = BATCH, signal, onProgress } = options;
  const results: Result[] = [];
  for (let start = 0; start < tasks.length; start += batch) {
    signal?.throwIfAborted();
    const part = tasks.slice(start, start + batch);
    const done = await work(part, { seed: seed + start, signal }, start);
    if (done.length !== part.length) throw new Error(`${part.length} tasks were given and ${done.length} came back.`);
    results.push(...done);
    onProgress?.({ suite, done: results.length, total: tasks.length });
    // Lets a signal in that came while the engine was at work.
    await new Promise((resolve) => setImmediate(resolve));
  }
  return results;
}

/** Whether the task of this number is one of those shown: all of few, evenly chosen ones of many. */
export const isShown = (index: number, total: number): boolean =>
  total <= MOST_EXHIBITS ||
  Math.floor((index * MOST_EXHIBITS) / total) !== Math.floor(((index - 1) * MOST_EXHIBITS) / total);

/** What ceilings are measured on, in the order of {@link rightPictures}. */
export const ceilingsOf = ({ autoencoder }: SuiteOptions): string[] =>
  autoencoder === undefined ? ["clean renders"] : ["clean renders", "through the autoencoder"];

/** Pictures of scenes without fault: clean renders, and the same through the model's autoencoder where there is one. */
export async function rightPictures(options: SuiteOptions, scenes: readonly Scene[]): Promise<Picture[][]> {
  const clean = drawPictures(scenes, options.artist.size);
  if (options.autoencoder === undefined) return [clean];
  return [clean, await throughAutoencoder(options.autoencoder, clean)];
}

/** The mean of what is right (1) and what is not (0), or of shares. */
export const meanScore = (scores: readonly (number | boolean)[]): number =>
  scores.reduce<number>((sum, score) => sum + Number(score), 0) / scores.length;
