import { type HostArray, hostArray } from "../../../tensor/dtype.ts";
import { ParityLanguageModel } from "../language-model.ts";
import { asOutput, feed, parityModel } from "../model.ts";
import type { ParityCase, ParityOutput } from "../parity-case.ts";
import { decodeGreedily, type Pipeline, promptsOf, withPipeline } from "../pipeline.ts";

/** The language model: a padded batch, the same in pieces, a chunk behind a padded context, and greedy decoding row by row. */
export async function run(context: ParityCase): Promise<Map<string, ParityOutput>> {
  const produced = new Map<string, ParityOutput>();
  const model = await ParityLanguageModel.open(context);
  try {
    await prefillAndChunk(context, model, produced);
    await inPieces(context, model, produced);
  } finally {
    await model.release();
  }
  return withPipeline(context, async (pipeline) => {
    await greedyRows(context, pipeline, produced);
    return produced;
  });
}

type Produced = Map<string, ParityOutput>;

async function prefillAndChunk(context: ParityCase, model: ParityLanguageModel, produced: Produced): Promise<void> {
  const ids = feed(await context.input("input_ids"), "int64");
  const mask = feed(await context.input("attention_mask"), "int64");
  const [batch, length] = ids.shape;
  const positions = hostArray(
    "int64",
    ids.shape,
    Array.from({ length: batch * length }, (_, i) => i % length),
  );
  const { states, logits, cache } = await model.pass(await model.embed(ids), positions, mask);
  produced.set("last_hidden_state", asOutput(states));
  produced.set("logits", asOutput(logits));
  const heads = parityModel(context).config.llm.num_key_value_heads;
  produced.set("prefill_key_layer0", headsApart(cache.key0, heads));
  produced.set("prefill_value_layer0", headsApart(cache.value0, heads));

  const chunk = feed(await context.input("chunk_embeds"));
  const added = chunk.shape[1];
  const rows = Array.from({ length: batch }, (_, row) =>
    Array.from(mask.data.slice(row * length, (row + 1) * length), Number),
  );
  // Positions continue after the last valid token, wherever the padding ends.
  const continued = rows.flatMap((row) => Array.from({ length: added }, (_, i) => row.lastIndexOf(1) + 1 + i));
  const chunkPositions = hostArray("int64", [batch, added], continued);
  const open = rows.flatMap((row) => [...row, ...new Array(added).fill(1)]);
  const chunkMask = hostArray("int64", [batch, length + added], open);
  const behind = await model.pass(chunk, chunkPositions, chunkMask, cache);
  produced.set("chunk_position_ids", asOutput(chunkPositions));
  produced.set("chunk_last_hidden_state", asOutput(behind.states));
}

/** The first row again: `params.prefill` tokens at once, then one by one. */
async function inPieces(context: ParityCase, model: ParityLanguageModel, produced: Produced): Promise<void> {
  const [, length, hidden] = context.entry.outputs.incremental_last_hidden_state_row0.shape;
  const ids = Array.from(feed(await context.input("input_ids"), "int64").data as BigInt64Array).slice(0, length);
  const piece = (from: number, to: number) =>
    model.embed(hostArray("int64", [1, to - from], BigInt64Array.from(ids.slice(from, to))));
  const first = Number(context.params.prefill);
  let pass = await model.extend(await piece(0, first));
  const states = Array.from(pass.states.data as Float32Array);
  for (let place = first; place < length; place++) {
    pass = await model.extend(await piece(place, place + 1), pass.cache);
    states.push(...(pass.states.data as Float32Array));
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

/** [batch, length, heads x head] as the official cache lies: [batch, heads, length, head]. */
function headsApart({ data, shape }: HostArray, heads: number): ParityOutput {
  const [batch, length, width] = shape;
  const head = width / heads;
  const values = new Float32Array(data.length);
  for (let i = 0; i < values.length; i++) {
    const [within, place] = [i % head, Math.floor(i / head) % length];
    const [group, row] = [Math.floor(i / (head * length)) % heads, Math.floor(i / (head * length * heads))];
    values[i] = Number(data[(row * length + place) * width + group * head + within]);
  }
  return { shape: [batch, heads, length, head], values };
}
