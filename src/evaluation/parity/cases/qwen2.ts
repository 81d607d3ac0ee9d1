import { lengthen } from "../../../pipeline/kv-cache.ts";
import { type HostArray, hostArray } from "../../../tensor/dtype.ts";
import { embeddingsOf, languagePass, lengthsOf, logitsOf, positionsAfter } from "../language-model.ts";
import { asOutput, feed } from "../model.ts";
import type { ParityCase, ParityOutput } from "../parity-case.ts";
import { decodeGreedily, type Pipeline, promptsOf, withPipeline } from "../pipeline.ts";

/** The language model: a padded batch, the same in pieces, a chunk behind a padded context, and greedy decoding row by row. */
export function run(context: ParityCase): Promise<Map<string, ParityOutput>> {
  return withPipeline(context, async (pipeline) => {
    const produced = new Map<string, ParityOutput>();
    await prefillAndChunk(context, pipeline, produced);
    await inPieces(context, pipeline, produced);
    await greedyRows(context, pipeline, produced);
    return produced;
  });
}

type Produced = Map<string, ParityOutput>;

async function prefillAndChunk(context: ParityCase, { programs }: Pipeline, produced: Produced): Promise<void> {
  const ids = feed(await context.input("input_ids"), "int64");
  const { states, fresh } = await languagePass(programs, await embeddingsOf(programs, ids));
  produced.set("last_hidden_state", asOutput(states));
  produced.set("logits", asOutput(await logitsOf(programs, states)));
  produced.set("prefill_key_layer0", asOutput(fresh.key0 as HostArray));
  produced.set("prefill_value_layer0", asOutput(fresh.value0 as HostArray));

  const chunk = feed(await context.input("chunk_embeds"));
  // Positions continue after the last valid token, wherever the padding ends.
  const lengths = lengthsOf(feed(await context.input("attention_mask"), "int64"));
  const behind = await languagePass(programs, chunk, lengths, fresh);
  produced.set("chunk_position_ids", asOutput(positionsAfter(lengths, chunk.shape[1])));
  produced.set("chunk_last_hidden_state", asOutput(behind.states));
}

/** The first row again: `params.prefill` tokens at once, then one by one. */
async function inPieces(context: ParityCase, { programs }: Pipeline, produced: Produced): Promise<void> {
  const [, length, hidden] = context.entry.outputs.incremental_last_hidden_state_row0.shape;
  const ids = (feed(await context.input("input_ids"), "int64").data as BigInt64Array).slice(0, length);
  const piece = (from: number, to: number) =>
    embeddingsOf(programs, hostArray("int64", [1, to - from], ids.slice(from, to)));
  const first = Number(context.params.prefill);
  const start = await languagePass(programs, await piece(0, first));
  const states = Array.from(start.states.data as Float32Array);
  let cache = start.fresh;
  for (let place = first; place < length; place++) {
    const next = await languagePass(programs, await piece(place, place + 1), [place], cache);
    cache = await lengthen(programs, cache, place, next.fresh);
    states.push(...(next.states.data as Float32Array));
  }
  produced.set("incremental_last_hidden_state_row0", { shape: [1, length, hidden], values: states });
}

/** Each row alone and without its padding. */
async function greedyRows(context: ParityCase, pipeline: Pipeline, produced: Produced): Promise<void> {
  for (const [row, prompt] of (await promptsOf(context)).entries()) {
    const greedy = await decodeGreedily(pipeline, prompt, Number(context.params.max_new_tokens));
    produced.set(`greedy_ids_row${row}`, greedy.ids);
    produced.set(`greedy_margin_row${row}`, greedy.margin);
    produced.set(`greedy_logits_row${row}`, greedy.logits);
  }
}
