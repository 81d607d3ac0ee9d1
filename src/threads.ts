/** Work done in threads beside the main one. */
import { parentPort, Worker } from "node:worker_threads";
import { UserError } from "./errors.ts";

/**
 * Starts a module in a thread of its own.
 *
 * @param module its place without an ending: from source that is .ts, which the thread needs a loader for; a built package has .js
 */
export function startThread(module: URL, workerData?: unknown): Worker {
  if (!import.meta.url.endsWith(".ts")) return new Worker(new URL(`${module.href}.js`), { workerData });
  const entry = JSON.stringify(`${module.href}.ts`);
  const loader = JSON.stringify(import.meta.resolve("tsx/esm/api"));
  const code = `import(${loader}).then(({ register }) => { register(); return import(${entry}); });`;
  return new Worker(code, { eval: true, workerData });
}

/** What crosses between threads of an error: its class would not. */
export interface Failure {
  message: string;
  isForPeople: boolean;
}

export const failureOf = (error: unknown): Failure => ({
  message: error instanceof Error ? error.message : String(error),
  isForPeople: error instanceof UserError,
});

export const errorOf = ({ message, isForPeople }: Failure): Error =>
  isForPeople ? new UserError(message) : new Error(message);

/** Does jobs of one sort. */
export interface Jobs<Job, Result> {
  run(job: Job): Promise<Result>;
  close(): Promise<void>;
}

/** A result with the memory that may be handed over instead of copied. */
export interface JobResult<Result> {
  result: Result;
  transfer?: ArrayBuffer[];
}

export type JobHandler<Job, Result> = (job: Job) => Promise<JobResult<Result>>;

/** Does each job where it is asked for, without a thread. */
export function inlineJobs<Job, Result>(handler: JobHandler<Job, Result>): Jobs<Job, Result> {
  return { run: async (job) => (await handler(job)).result, close: async () => {} };
}

interface Waiting<Result> {
  resolve: (result: Result) => void;
  reject: (error: Error) => void;
}

interface Answer<Result> {
  id: number;
  result?: Result;
  failure?: Failure;
}

/**
 * Does jobs in a number of threads, each in the one with the least to do.
 *
 * @param module the module that calls {@link serveJobs}, see {@link startThread}
 */
export function threadedJobs<Job, Result>(module: URL, count: number): Jobs<Job, Result> {
  let issued = 0;
  let failed: Error | undefined;
  const threads = Array.from({ length: count }, () => {
    const worker = startThread(module);
    const waiting = new Map<number, Waiting<Result>>();
    worker.on("message", ({ id, result, failure }: Answer<Result>) => {
      const { resolve, reject } = waiting.get(id)!;
      waiting.delete(id);
      if (failure) reject(errorOf(failure));
      else resolve(result as Result);
    });
    worker.on("error", (error: Error) => {
      failed = error;
      for (const { reject } of waiting.values()) reject(error);
      waiting.clear();
    });
    return { worker, waiting };
  });
  return {
    run(job) {
      if (failed) return Promise.reject(failed);
      const idlest = threads.reduce((best, thread) => (thread.waiting.size < best.waiting.size ? thread : best));
      const id = issued++;
      return new Promise((resolve, reject) => {
        idlest.waiting.set(id, { resolve, reject });
        idlest.worker.postMessage({ id, job });
      });
    },
    async close() {
      await Promise.all(threads.map(({ worker }) => worker.terminate()));
    },
  };
}

/** Makes a thread do the jobs that {@link threadedJobs} gives it; in the main thread, nothing. */
export function serveJobs<Job, Result>(handler: JobHandler<Job, Result>): void {
  const port = parentPort;
  port?.on("message", async ({ id, job }: { id: number; job: Job }) => {
    try {
      const { result, transfer } = await handler(job);
      port.postMessage({ id, result } satisfies Answer<Result>, transfer);
    } catch (error) {
      port.postMessage({ id, failure: failureOf(error) } satisfies Answer<Result>);
    }
  });
}

/** Works on items ahead of where they are asked for, and gives the results in the items' order. */
export async function* inOrder<Item, Result>(
  items: AsyncIterable<Item>,
  ahead: number,
  work: (item: Item) => Promise<Result>,
): AsyncGenerator<Result> {
  const begun: Promise<Result>[] = [];
  for await (const item of items) {
    const result = work(item);
    // A failure is seen when its turn comes.
    result.catch(() => undefined);
    begun.push(result);
    if (begun.length > ahead) yield await begun.shift()!;
  }
  while (begun.length > 0) yield await begun.shift()!;
}
