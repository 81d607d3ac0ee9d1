import type { BadSample } from "../data/sets/index.ts";
import type { UniPicConfig } from "../models/config.ts";
import { Tokenizer, type TokenizerJson } from "../text/tokenizer.ts";
import type { Failure } from "../threads.ts";
import { makeBatch } from "./batches.ts";
import { DataBatches, type DataCursors, type MadeBatch } from "./data-batches.ts";
import type { DataConfig } from "./data-config.ts";
import type { StageConfig } from "./stage.ts";

/** What it takes to make a stage's batches, here or in a thread. */
export interface BatchWorkerData {
  config: UniPicConfig;
  tokenizer: TokenizerJson;
  tokenizerConfig: TokenizerJson;
  stage: StageConfig;
  seed: number;
  /** Where the stage's data sets stood when it was stopped. */
  cursors?: DataCursors;
  /** See `latentKeyOf` in latent-set.ts. */
  latentKey?: string;
  /** Decode pictures between the steps instead of in threads. */
  isInline?: boolean;
}

/** What the thread answers to a step's number, and the samples that it skipped on the way. */
export type BatchAnswer = { step: number; skipped: BadSample[] } & (
  | { made: MadeBatch; failure?: undefined }
  | { failure: Failure }
);

/** Makes batches; steps are asked for one after the other. */
export interface BatchMaker {
  make(step: number): Promise<MadeBatch>;
  close(): Promise<void>;
}

/**
 * @param onBad told of every sample that was to be in a batch but cannot be used
 * @throws UserError when a stage's data sets are not there, or do not serve what it learns
 */
export async function openBatches(data: BatchWorkerData, onBad: (bad: BadSample) => void): Promise<BatchMaker> {
  const { config, stage, seed } = data;
  const tokenizer = new Tokenizer(data.tokenizer, data.tokenizerConfig);
  if (!learnsFromData(stage)) {
    return {
      make: async (step) => ({ batch: makeBatch(config, tokenizer, stage, seed, step) }),
      close: async () => {},
    };
  }
  const { latentKey, isInline } = data;
  return DataBatches.open({ config, tokenizer, stage, seed, latentKey, isInline, onBad }, data.cursors);
}

export const learnsFromData = (stage: StageConfig): stage is StageConfig & { data: DataConfig } =>
  stage.data !== undefined;
