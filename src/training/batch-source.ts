import type { BadSample } from "../data/sets/index.ts";
import { errorOf, startThread } from "../threads.ts";
import { type BatchAnswer, type BatchMaker, type BatchWorkerData, openBatches } from "./batch-maker.ts";
import type { MadeBatch } from "./data-batches.ts";

/** Gives the batch of each step, one after the other, and tells of samples that were skipped for it. */
export interface BatchSource {
  next(step: number): Promise<MadeBatch>;
  close(): Promise<void>;
}

/** Makes each batch when it is asked for. */
export function inlineBatches(data: BatchWorkerData, onBad: (bad: BadSample) => void): BatchSource {
  let maker: Promise<BatchMaker> | undefined;
  return {
    async next(step) {
      maker ??= openBatches({ ...data, isInline: true }, onBad);
      return (await maker).make(step);
    },
    async close() {
      await (await maker?.catch(() => undefined))?.close();
    },
  };
}

/** How many batches are made ahead. */
const AHEAD = 2;

/** Makes batches ahead in a thread of its own, while the last one is being learned from. */
export function threadedBatches(data: BatchWorkerData, onBad: (bad: BadSample) => void): BatchSource {
  const worker = startThread(new URL("./batch-worker", import.meta.url), data);
  const answers = new Map<number, BatchAnswer>();
  const asked = new Set<number>();
  let waiting: { step: number; resolve: (made: MadeBatch) => void; reject: (error: Error) => void } | undefined;
  let failure: Error | undefined;
  const deliver = () => {
    if (!waiting) return;
    const answer = answers.get(waiting.step);
    if (failure) waiting.reject(failure);
    else if (answer) {
      answers.delete(waiting.step);
      answer.skipped.forEach(onBad);
      if (answer.failure) waiting.reject(errorOf(answer.failure));
      else waiting.resolve(answer.made);
    } else return;
    waiting = undefined;
  };
  worker.on("message", (answer: BatchAnswer) => {
    asked.delete(answer.step);
    answers.set(answer.step, answer);
    deliver();
  });
  worker.on("error", (error: Error) => {
    failure = error;
    deliver();
  });
  return {
    next(step) {
      for (let ahead = step; ahead <= step + AHEAD; ahead++) {
        if (answers.has(ahead) || asked.has(ahead)) continue;
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
