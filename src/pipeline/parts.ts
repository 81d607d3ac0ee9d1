import type { UniPicConfig } from "../models/config.ts";
import type { GenerationDefaults } from "../models/generation.ts";
import type { Device, Engine, EngineOptions } from "../runtime/engine.ts";
import type { Tokenizer } from "../text/tokenizer.ts";
import type { Weights } from "./programs.ts";

/** What a model is made of. */
export interface UniPicParts {
  config: UniPicConfig;
  /** What the model's folder says of its best use. */
  defaults?: GenerationDefaults;
  tokenizer: Tokenizer;
  weights: Weights;
  engine: Engine;
  engineOptions: EngineOptions;
}

export interface LoadOptions {
  /** Where to compute. Default `cpu`. */
  device?: Device;
  /** Threads on the CPU. Default: all cores. */
  threads?: number;
}
