import { encodeVisible } from "../../../models/mar.ts";
import type { Grid } from "../../../models/position-table.ts";
import { pastFeeds, pastInputs } from "../../../models/programs.ts";
import { embedText, projectIn, readContext } from "../../../models/unipic.ts";
import { hostArray } from "../../../tensor/dtype.ts";
import { input } from "../../../tensor/index.ts";
import { ParityLanguageModel } from "../language-model.ts";
import { asOutputs, compute, feed, parityModel } from "../model.ts";
import type { ParityCase, ParityOutput } from "../parity-case.ts";
import { gatherVisible, visiblePlaces } from "../visible.ts";

/**
 * The encoder on a partly hidden picture, and its states after the language model: behind a padded context in one pass, and
 * behind the same context's cache.
 */
export async function run(context: ParityCase): Promise<Map<string, ParityOutput>> {
  const { config, root } = parityModel(context);
  const grid = context.params.image_shape as unknown as Grid;
  const recorded = await context.input("x");
  const [batch, rows, columns, width] = recorded.shape;
  const tokens = hostArray("float32", [batch, rows * columns, width], recorded.floats());
  const places = visiblePlaces(feed(await context.input("mask")));
  const visible = gatherVisible(tokens, places);
  const numbers = hostArray("int64", visible.shape.slice(0, 2), places.flat());

  const ids = feed(await context.input("input_ids"), "int64");
  const mask = feed(await context.input("attention_mask"), "int64");
  const length = ids.shape[1];
  const language = await ParityLanguageModel.open(context);
  const ascending = hostArray(
    "int64",
    ids.shape,
    Array.from({ length: batch * length }, (_, i) => i % length),
  );
  const { cache } = await language.pass(await language.embed(ids), ascending, mask);
  await language.release();

  const encoded = encodeVisible(
    root.child("mar"),
    config.mar,
    input("visible", "float32", visible.shape),
    input("places", "int64", numbers.shape),
    grid,
  );
  const count = config.mar.buffer_size + visible.shape[1];
  const seen = input("mask", "int64", [batch, length + count]);
  const cachedSeen = input("cached mask", "int64", [batch, `past+${count}`]);
  const embeddings = embedText(root, config, input("ids", "int64", ids.shape));
  const allPositions = input("all positions", "int64", [batch, length + count]);
  const past = pastInputs(config, batch);
  const ownPositions = input("own positions", "int64", [batch, count]);
  const lastValid = Array.from({ length: batch }, (_, row) =>
    Array.from(mask.data.slice(row * length, (row + 1) * length), Number).lastIndexOf(1),
  );
  const table = (size: number, value: (row: number, i: number) => number) =>
    hostArray(
      "int64",
      [batch, size],
      Array.from({ length: batch * size }, (_, i) => value(Math.floor(i / size), i % size)),
    );
  const open = table(length + count, (row, i) => (i < length ? Number(mask.data[row * length + i]) : 1));
  const results = await compute(
    context,
    {
      x_enc: encoded,
      z_enc: projectIn(root, config, encoded),
      fused_nocache: readContext(root, config, encoded, { embeddings }, allPositions, seen),
      fused_cache: readContext(root, config, encoded, { past }, ownPositions, cachedSeen),
    },
    {
      visible,
      places: numbers,
      ids,
      mask: open,
      "cached mask": open,
      "all positions": table(length + count, (row, i) => (i < length ? i : lastValid[row] + 1 + i - length)),
      "own positions": table(count, (row, i) => lastValid[row] + 1 + i),
      ...pastFeeds(cache),
    },
  );
  return asOutputs(results);
}
