import { embedText, featureRows, spliceFeatures } from "../../models/unipic.ts";
import { type HostArray, hostArray } from "../../tensor/dtype.ts";
import { input } from "../../tensor/index.ts";
import { asOutput, compute, feed, parityModel } from "./model.ts";
import type { ParityCase, ParityOutput } from "./parity-case.ts";
import { decodeGreedily, type Pipeline, promptsOf } from "./pipeline.ts";

/** Embeddings of a case's `input_ids` with pictures' features [pictures, count, hidden] at the `<image>` tokens, as `PromptPictures` says. */
export async function promptWithPicture(context: ParityCase, ids: HostArray, features: HostArray): Promise<HostArray> {
  const { config, root } = parityModel(context);
  const [batch, length] = ids.shape;
  const rows = Array.from({ length: batch }, (_, row) =>
    Array.from(ids.data.slice(row * length, (row + 1) * length), Number),
  );
  const text = embedText(root, config, input("ids", "int64", ids.shape));
  const source = featureRows(rows, Number(context.config.image_token_id), features.shape[1], features.shape[0]);
  const embeddings = spliceFeatures(
    text,
    input("features", "float32", features.shape),
    input("source", "int64", ids.shape),
  );
  const results = await compute(
    context,
    { embeddings },
    { ids, features, source: hostArray("int64", ids.shape, source) },
  );
  return results.embeddings;
}

/** The outputs both ways of understanding share: the prompt with the features in it, and greedy decoding. */
export async function understand(
  context: ParityCase,
  pipeline: Pipeline,
  features: HostArray,
): Promise<Map<string, ParityOutput>> {
  const ids = feed(await context.input("input_ids"), "int64");
  const embeddings = await promptWithPicture(context, ids, features);
  const [prompt] = await promptsOf(context);
  const pictures = { features, imageToken: Number(context.config.image_token_id) };
  const greedy = await decodeGreedily(pipeline, prompt, Number(context.params.max_new_tokens), pictures);
  const vocabulary = greedy.logits.shape[1];
  return new Map([
    ["inputs_embeds", asOutput(embeddings)],
    ["first_logits", { shape: [1, vocabulary], values: Array.from(greedy.logits.values, Number).slice(0, vocabulary) }],
    ["step_logits", greedy.logits],
    ["greedy_ids", greedy.ids],
    ["greedy_margin", greedy.margin],
  ]);
}
