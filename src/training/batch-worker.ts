import { parentPort, workerData } from "node:worker_threads";
import type { UniPicConfig } from "../models/config.ts";
import { Tokenizer, type TokenizerJson } from "../text/tokenizer.ts";
import { makeBatch } from "./batches.ts";
import type { StageConfig } from "./stage.ts";

/** What a worker needs to make batches. */
export interface BatchWorkerData {
  config: UniPicConfig;
  tokenizer: TokenizerJson;
  tokenizerConfig: TokenizerJson;
  stage: StageConfig;
  seed: number;
}

if (parentPort) {
  const { config, tokenizer, tokenizerConfig, stage, seed } = workerData as BatchWorkerData;
  const reader = new Tokenizer(tokenizer, tokenizerConfig);
  parentPort.on("message", (step: number) => {
    const batch = makeBatch(config, reader, stage, seed, step);
    const memory = Object.values(batch).map(({ data }) => data.buffer as ArrayBuffer);
    parentPort!.postMessage({ step, batch }, memory);
  });
}
