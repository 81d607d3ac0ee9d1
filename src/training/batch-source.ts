import { Worker } from "node:worker_threads";
import { Tokenizer } from "../text/tokenizer.ts";
import type { BatchWorkerData } from "./batch-worker.ts";
import { type Batch, makeBatch } from "./batches.ts";

/** Gives the batch of each step, one after the other. */
export interface BatchSource {
  next(step: number): Promise<Batch>;
  close(): Promise<void>;
}

/** Makes each batch when it is asked for. */
export function inlineBatches(data: BatchWorkerData): BatchSource {
  const tokenizer = new Tokenizer(data.tokenizer, data.tokenizerConfig);
  return {
    next: async (step) => makeBatch(data.config, tokenizer, data.stage, data.seed, step),
    close: async () => {},
  };
}

/** How many batches are made ahead. */
const AHEAD = 2;

/** Makes batches ahead in a thread of its own, while the last one is being learned from. */
export function threadedBatches(data: BatchWorkerData): BatchSource {
  const worker = startWorker(data);
  const ready = new Map<number, Batch>();
  const asked = new Set<number>();
  let waiting: { step: number; resolve: (batch: Batch) => void; reject: (error: Error) => void } | undefined;
  let failure: Error | undefined;
  const deliver = () => {
    if (!waiting) return;
    const batch = ready.get(waiting.step);
    if (failure) waiting.reject(failure);
    else if (batch) {
      ready.delete(waiting.step);
      waiting.resolve(batch);
    } else return;
    waiting = undefined;
  };
  worker.on("message", ({ step, batch }: { step: number; batch: Batch }) => {
    asked.delete(step);
    ready.set(step, batch);
    deliver();
  });
  worker.on("error", (error: Error) => {
    failure = error;
    deliver();
  });
  return {
    next(step) {
      for (let ahead = step; ahead <= step + AHEAD; ahead++) {
        if (ready.has(ahead) || asked.has(ahead)) continue;
        asked.add(ahead);
        worker.postMessage(ahead);
      }
      return new Promise((resolve, reject) => {
        waiting = { step, resolve, reject };
        deliver();
      });
    },
    async close() {
      await worker.terminate();
    },
  };
}

/** From source the thread needs the loader that reads TypeScript; a built package has plain JavaScript. */
function startWorker(workerData: BatchWorkerData): Worker {
  if (!import.meta.url.endsWith(".ts"))
    return new Worker(new URL("./batch-worker.js", import.meta.url), { workerData });
  const entry = JSON.stringify(new URL("./batch-worker.ts", import.meta.url).href);
  const loader = JSON.stringify(import.meta.resolve("tsx/esm/api"));
  const code = `import(${loader}).then(({ register }) => { register(); return import(${entry}); });`;
  return new Worker(code, { eval: true, workerData });
}
