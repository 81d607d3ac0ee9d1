import { parentPort, workerData } from "node:worker_threads";
import type { BadSample } from "../data/sets/index.ts";
import { failureOf } from "../threads.ts";
import { type BatchAnswer, type BatchWorkerData, openBatches } from "./batch-maker.ts";

const port = parentPort;
if (port) {
  const skipped: BadSample[] = [];
  const maker = openBatches(workerData as BatchWorkerData, (bad) => skipped.push(bad));
  // Seen when the first batch is asked for.
  maker.catch(() => undefined);
  let last: Promise<unknown> = Promise.resolve();
  port.on("message", (step: number) => {
    last = last.then(async () => {
      try {
        const made = await (await maker).make(step);
        const memory = Object.values(made.batch).map(({ data }) => data.buffer as ArrayBuffer);
        port.postMessage({ step, made, skipped: skipped.splice(0) } satisfies BatchAnswer, memory);
      } catch (error) {
        port.postMessage({ step, failure: failureOf(error), skipped: skipped.splice(0) } satisfies BatchAnswer);
      }
    });
  });
}
