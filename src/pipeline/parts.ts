import type { UniPicConfig } from "../models/config.ts";
import type { Device, Engine, EngineOptions } from "../runtime/engine.ts";
import type { Tokenizer } from "../text/tokenizer.ts";
import type { ChatMemory } from "./chat.ts";
import type { Weights } from "./programs.ts";

/** What a model is made of. */
export interface UniPicParts {
  config: UniPicConfig;
  tokenizer: Tokenizer;
  weights: Weights;
  engine: Engine;
  engineOptions: EngineOptions;
  /** What the model's conversations are answered in view of where nothing else is said. Default `conversation`. */
  chatMemory?: ChatMemory;
}

export interface LoadOptions {
  /** Where to compute. Default `cpu`. */
  device?: Device;
  /** Threads on the CPU. Default: all cores. */
  threads?: number;
}
