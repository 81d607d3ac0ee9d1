import { pastFeeds, pastInputs } from "../../models/programs.ts";
import { logits, qwen2 } from "../../models/qwen2.ts";
import { embedText } from "../../models/unipic.ts";
import { nodeEngine } from "../../runtime/node.ts";
import { Program } from "../../runtime/program.ts";
import { type HostArray, hostArray } from "../../tensor/dtype.ts";
import { input, type Tensor } from "../../tensor/index.ts";
import { compute, PARITY_DEVICE, type ParityModel, parityModel, recordedWeights } from "./model.ts";
import type { ParityCase } from "./parity-case.ts";

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

/** A cache that holds nothing yet. */
function emptyCache({ config }: ParityModel, batch: number): HostCache {
  const nothing = ({ shape }: Tensor) => hostArray("float32", [batch, 0, shape[2] as number], []);
  return Object.fromEntries(
    pastInputs(config).flatMap(({ key, value }, layer) => [
      [`key${layer}`, nothing(key)],
      [`value${layer}`, nothing(value)],
    ]),
  );
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
      past: pastInputs(config, "batch"),
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

  release(): Promise<void> {
    return this.program.release();
  }
}

/** Embeddings of token ids: [batch, length, hidden]. */
export async function embed(context: ParityCase, ids: HostArray): Promise<HostArray> {
  const { config, root } = parityModel(context);
  const embeddings = embedText(root, config, input("ids", "int64", ids.shape));
  return (await compute(context, { embeddings }, { ids })).embeddings;
}
