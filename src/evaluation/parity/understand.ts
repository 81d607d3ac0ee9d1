import { encodeVisible } from "../../models/mar.ts";
import type { Grid } from "../../models/position-table.ts";
import { embedText, featureRows, projectIn, spliceFeatures } from "../../models/unipic.ts";
import { encodeTokens } from "../../models/vae.ts";
import { type HostArray, hostArray } from "../../tensor/dtype.ts";
import { input, reshape } from "../../tensor/index.ts";
import { lastRow, ParityLanguageModel } from "./language-model.ts";
import { asOutput, compute, feed, parityModel } from "./model.ts";
import type { ParityCase, ParityOutput } from "./parity-case.ts";

/** A picture [batch, 3, height, width] as its latent tokens, the encoder's output on all of them, and that for the language model. */
export async function encodePicture(
  context: ParityCase,
  pixels: HostArray,
): Promise<Record<"tokens" | "encoded" | "features", HostArray>> {
  const { config, root } = parityModel(context);
  const tokens = encodeTokens(root.child("vae"), config, input("pixels", "float32", pixels.shape));
  const [batch, rows, columns, width] = tokens.shape as number[];
  const grid: Grid = [rows, columns];
  const count = rows * columns;
  const everywhere = Array.from({ length: batch * count }, (_, i) => i % count);
  const encoded = encodeVisible(
    root.child("mar"),
    config.mar,
    reshape(tokens, [batch, count, width]),
    input("everywhere", "int64", [batch, count]),
    grid,
  );
  return compute(
    context,
    { tokens, encoded, features: projectIn(root, config, encoded) },
    { pixels, everywhere: hostArray("int64", [batch, count], everywhere) },
  ) as Promise<Record<"tokens" | "encoded" | "features", HostArray>>;
}

/** Embeddings of a case's `input_ids` with a picture's features [pictures, count, hidden] at the `<image>` tokens. */
export async function promptWithPicture(context: ParityCase, ids: HostArray, features: HostArray): Promise<HostArray> {
  const { config, root } = parityModel(context);
  const [batch, length] = ids.shape;
  const rows = Array.from({ length: batch }, (_, row) =>
    Array.from(ids.data.slice(row * length, (row + 1) * length), Number),
  );
  const text = embedText(root, config, input("ids", "int64", ids.shape));
  const source = featureRows(rows, Number(context.config.image_token_id), features.shape[1]);
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
export async function understand(context: ParityCase, features: HostArray): Promise<Map<string, ParityOutput>> {
  const ids = feed(await context.input("input_ids"), "int64");
  const embeddings = await promptWithPicture(context, ids, features);
  const model = await ParityLanguageModel.open(context);
  try {
    const first = lastRow((await model.extend(embeddings)).logits);
    const greedy = await model.greedy(embeddings, Number(context.params.max_new_tokens));
    return new Map([
      ["inputs_embeds", asOutput(embeddings)],
      ["first_logits", { shape: [1, first.length], values: first }],
      ["step_logits", greedy.logits],
      ["greedy_ids", greedy.ids],
      ["greedy_margin", greedy.margin],
    ]);
  } finally {
    await model.release();
  }
}
