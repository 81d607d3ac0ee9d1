import { type LayerCache, logits, qwen2 } from "../../models/qwen2.ts";
import { embedText } from "../../models/unipic.ts";
import { Random } from "../../random.ts";
import { nodeEngine } from "../../runtime/node.ts";
import { Program } from "../../runtime/program.ts";
import { chooseToken } from "../../sampling/text-decoding.ts";
import { type HostArray, hostArray } from "../../tensor/dtype.ts";
import { type Dimension, input, type Tensor } from "../../tensor/index.ts";
import { compute, PARITY_DEVICE, type ParityModel, parityModel, recordedWeights } from "./model.ts";
import type { ParityCase, ParityOutput } from "./parity-case.ts";

/** Keys and values of every layer in host memory, `key0`, `value0`, ...: [batch, length, key-value heads x head]. */
export type HostCache = Readonly<Record<string, HostArray>>;

/** What one pass of the language model gives. */
export interface Pass {
  /** [batch, length, hidden] */
  states: HostArray;
  /** [batch, length, vocabulary] */
  logits: HostArray;
  cache: HostCache;
}

/** A cache as inputs of a program, named as {@link HostCache} with `past ` in front. */
export function pastInputs({ config }: ParityModel, batch: Dimension, length: Dimension): LayerCache[] {
  const { num_hidden_layers: layers, hidden_size, num_attention_heads, num_key_value_heads } = config.llm;
  const shape = [batch, length, (hidden_size / num_attention_heads) * num_key_value_heads];
  return Array.from({ length: layers }, (_, layer) => ({
    key: input(`past key${layer}`, "float32", shape),
    value: input(`past value${layer}`, "float32", shape),
  }));
}

/** A cache to be given as {@link pastInputs}. */
export const pastFeeds = (cache: HostCache): Record<string, HostArray> =>
  Object.fromEntries(Object.entries(cache).map(([name, array]) => [`past ${name}`, array]));

/** A cache that holds nothing yet. */
export function emptyCache(model: ParityModel, batch: number): HostCache {
  const entries = pastInputs(model, batch, 0).flatMap(({ key, value }, layer) => {
    const nothing = (like: Tensor) => hostArray("float32", like.shape as number[], []);
    return [
      [`key${layer}`, nothing(key)],
      [`value${layer}`, nothing(value)],
    ];
  });
  return Object.fromEntries(entries);
}

/** The language model, compiled once for any batch, any number of new tokens and any number of cached ones. */
export class ParityLanguageModel {
  private constructor(
    private readonly program: Program,
    private readonly model: ParityModel,
    private readonly context: ParityCase,
  ) {}

  static async open(context: ParityCase): Promise<ParityLanguageModel> {
    const model = parityModel(context);
    const { config, root } = model;
    const { states, cache } = qwen2(root.child("llm"), config.llm, {
      embeddings: input("embeddings", "float32", ["batch", "length", config.llm.hidden_size]),
      positions: input("positions", "int64", ["batch", "length"]),
      mask: input("mask", "int64", ["batch", "past+length"]),
      past: pastInputs(model, "batch", "past"),
    });
    const outputs: Record<string, Tensor> = { states, logits: logits(root.child("llm"), config.llm, states) };
    cache.forEach(({ key, value }, layer) => {
      outputs[`key${layer}`] = key;
      outputs[`value${layer}`] = value;
    });
    const weights = await recordedWeights(context, root.parameters.keys());
    const lowering = { fused: true, parameters: (name: string) => weights.get(name) };
    return new ParityLanguageModel(await Program.compile(nodeEngine, outputs, lowering, PARITY_DEVICE), model, context);
  }

  /** New embeddings [batch, length, hidden] after a cache; positions [batch, length]; mask [batch, past + length]. */
  async pass(embeddings: HostArray, positions: HostArray, mask: HostArray, past?: HostCache): Promise<Pass> {
    const before = past ?? emptyCache(this.model, embeddings.shape[0]);
    const feeds = { embeddings, positions, mask, ...pastFeeds(before) };
    const { states, logits: scores, ...cache } = await this.program.run(feeds);
    return { states, logits: scores, cache };
  }

  /** One row of new embeddings that follow everything in the cache: nothing is padded. */
  async extend(embeddings: HostArray, past?: HostCache): Promise<Pass> {
    const [batch, length] = embeddings.shape;
    const before = past?.key0.shape[1] ?? 0;
    const numbers = Array.from({ length: batch }, () => Array.from({ length }, (_, i) => before + i)).flat();
    const positions = hostArray("int64", [batch, length], numbers);
    const mask = hostArray("int64", [batch, before + length], new Array(batch * (before + length)).fill(1));
    return this.pass(embeddings, positions, mask, past);
  }

  /** Token ids [batch, length] as embeddings. */
  embed(ids: HostArray): Promise<HostArray> {
    return embed(this.context, ids);
  }

  /** `count` tokens of greedy decoding after one row of embeddings [1, length, hidden], not stopping at any token. */
  async greedy(prompt: HostArray, count: number): Promise<Greedy> {
    const random = new Random(0);
    const ids: number[] = [];
    const steps: Float32Array[] = [];
    let pass = await this.extend(prompt);
    while (ids.length < count) {
      const scores = lastRow(pass.logits);
      ids.push(chooseToken(scores, {}, random));
      steps.push(scores);
      pass = await this.extend(await this.embed(hostArray("int64", [1, 1], ids.slice(-1))), pass.cache);
    }
    return greedyResult(ids, steps);
  }

  release(): Promise<void> {
    return this.program.release();
  }
}

/** Greedy decoding, step by step. */
export interface Greedy {
  /** [steps] */
  ids: ParityOutput;
  /** [steps, vocabulary] */
  logits: ParityOutput;
  /** By how much the best token beats the second best: [steps]. */
  margin: ParityOutput;
}

function greedyResult(ids: readonly number[], steps: readonly Float32Array[]): Greedy {
  const margins = steps.map((scores) => {
    const [best, second] = Float32Array.from(scores).sort().slice(-2).reverse();
    return best - second;
  });
  const flat = steps.flatMap((scores) => Array.from(scores));
  return {
    ids: { shape: [ids.length], values: ids },
    logits: { shape: [steps.length, steps[0]?.length ?? 0], values: flat },
    margin: { shape: [ids.length], values: margins },
  };
}

/** The last position's values of [1, length, width]. */
export function lastRow({ data, shape }: HostArray): Float32Array {
  return (data as Float32Array).slice(-shape[2]);
}

/** Embeddings of token ids: [batch, length, hidden]. */
export async function embed(context: ParityCase, ids: HostArray): Promise<HostArray> {
  const { config, root } = parityModel(context);
  const embeddings = embedText(root, config, input("ids", "int64", ids.shape));
  return (await compute(context, { embeddings }, { ids })).embeddings;
}
