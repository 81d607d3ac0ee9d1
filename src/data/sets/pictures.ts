import { availableParallelism } from "node:os";
import { inlineJobs, type Jobs, threadedJobs } from "../../threads.ts";
import { doPictureJob, type PictureJob, type PictureResult } from "./picture-jobs.ts";

export type PictureJobs = Jobs<PictureJob, PictureResult>;

/** Threads that decode pictures where nothing is said: one core is left for what uses them. */
export const defaultThreads = (): number => Math.max(1, Math.min(8, availableParallelism() - 1));

/** Decodes pictures in a number of threads; with 0, where it is asked for. What comes out does not depend on it. */
export function pictureJobs(threads: number): PictureJobs {
  return threads === 0 ? inlineJobs(doPictureJob) : threadedJobs(new URL("./picture-worker", import.meta.url), threads);
}

/** Pictures worked on at a time: enough to keep every thread busy. */
export const picturesAhead = (threads: number): number => 2 * threads + 2;
