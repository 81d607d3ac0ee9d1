import type { UniPicConfig } from "../models/config.ts";
import type { Device, Engine, EngineOptions } from "../runtime/engine.ts";
import type { Tokenizer } from "../text/tokenizer.ts";
import type { ChatMemory } from "./chat.ts";
import type { Weights } from "./programs.ts";
import type { Room } from "./residents.ts";

/** What a model is made of. */
export interface UniPicParts {
  config: UniPicConfig;
  /** Side in pixels of the pictures that are drawn where no size is asked for. Default: the native one. */
  drawSize?: number;
  tokenizer: Tokenizer;
  weights: Weights;
  engine: Engine;
  engineOptions: EngineOptions;
  /** Memory that may still be taken; unlimited when left out. */
  room?: Room;
  /** What the model's conversations are answered in view of where nothing else is said. Default `conversation`. */
  chatMemory?: ChatMemory;
}

export interface LoadOptions {
  /** Where to compute. Default `cpu`. */
  device?: Device;
  /** Threads on the CPU. Default: all cores. */
  threads?: number;
  /**
   * The most memory in bytes that the process may take on the CPU. Parts of the model are given back when there is no room for the next one;
   * with less than one part and its work need, that much is taken all the same. Default: what the machine has free.
   */
  memory?: number;
}
