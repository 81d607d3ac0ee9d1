import { encodeVisible } from "../../../models/mar.ts";
import type { Grid } from "../../../models/position-table.ts";
import { answered, embedText, projectIn, readContext } from "../../../models/unipic.ts";
import { hostArray } from "../../../tensor/dtype.ts";
import { input } from "../../../tensor/index.ts";
import { embeddingsOf, languagePass, lengthsOf } from "../language-model.ts";
import { asOutput, asOutputs, compute, feed, parityModel } from "../model.ts";
import type { ParityCase, ParityOutput } from "../parity-case.ts";
import { withPipeline } from "../pipeline.ts";
import { gatherVisible, visiblePlaces } from "../visible.ts";

/**
 * The encoder on a partly hidden picture, and its states after the language model: behind a padded context in one pass, as training
 * does, and behind the same context's cache.
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
  const lengths = lengthsOf(mask);

  const encoded = encodeVisible(
    root.child("mar"),
    config.mar,
    input("visible", "float32", visible.shape),
    input("places", "int64", numbers.shape),
    grid,
  );
  const count = config.mar.buffer_size + visible.shape[1];
  const all = [batch, length + count];
  const table = (value: (row: number, i: number) => number) =>
    hostArray(
      "int64",
      all,
      Array.from({ length: batch * all[1] }, (_, i) => value(Math.floor(i / all[1]), i % all[1])),
    );
  const text = embedText(root, config, input("ids", "int64", ids.shape));
  const fused = readContext(root, config, encoded, text, input("positions", "int64", all), input("mask", "int64", all));
  const results = await compute(
    context,
    { x_enc: encoded, z_enc: projectIn(root, config, encoded), fused_nocache: fused },
    {
      visible,
      places: numbers,
      ids,
      mask: table((row, i) => (i < length ? Number(mask.data[row * length + i]) : 1)),
      positions: table((row, i) => (i < length ? i : lengths[row] + i - length)),
    },
  );
  const states = await withPipeline(context, async ({ programs }) => {
    const { fresh } = await languagePass(programs, await embeddingsOf(programs, ids));
    return (await languagePass(programs, results.z_enc, lengths, fresh)).states;
  });
  const encodedAgain = input("encoded", "float32", results.x_enc.shape);
  const cached = answered(root, config, encodedAgain, input("states", "float32", states.shape));
  const behind = await compute(context, { cached }, { encoded: results.x_enc, states });
  return asOutputs(results).set("fused_cache", asOutput(behind.cached));
}
