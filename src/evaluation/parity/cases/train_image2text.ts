import { featureRows } from "../../../models/unipic.ts";
import { encodeTokens } from "../../../models/vae.ts";
import { hostArray } from "../../../tensor/dtype.ts";
import { reshape } from "../../../tensor/index.ts";
import { encoderFeatures, understandingLoss } from "../../../training/losses.ts";
import { feed, parityModel } from "../model.ts";
import type { ParityCase, ParityOutput } from "../parity-case.ts";
import { checkGradientScale, Feeds, lossAndGradients, readPrompts } from "../training.ts";

/** Places with this label are not learned. */
const IGNORED = -100;

/** The loss of understanding by way of the encoder, and its gradients; without `pixel_values` on text alone. */
export async function run(context: ParityCase): Promise<Map<string, ParityOutput>> {
  const { config, root } = parityModel(context);
  checkGradientScale(context);
  const feeds = new Feeds();
  const { ids, mask, rows } = await readPrompts(context);
  const [batch, length] = ids.shape;
  const labels = (await context.input("labels")).integers();
  // The label of a place is its own token, which the place before predicts.
  const learned = Array.from(labels.keys()).filter((i) => i % length > 0 && Number(labels[i]) !== IGNORED);
  const positions = Array.from({ length: batch * length }, (_, i) => i % length);
  const loss = understandingLoss(root, config, {
    ids: feeds.give("ids", ids),
    positions: feeds.give("positions", hostArray("int64", ids.shape, positions)),
    mask: feeds.give("mask", mask),
    rows: feeds.give(
      "rows",
      hostArray(
        "int64",
        [learned.length],
        learned.map((i) => i - 1),
      ),
    ),
    labels: feeds.give(
      "labels",
      hostArray(
        "int64",
        [learned.length],
        learned.map((i) => Number(labels[i])),
      ),
    ),
    picture: "pixel_values" in context.entry.inputs ? await picture() : undefined,
  });
  return lossAndGradients(context, root, loss, {}, feeds.arrays);

  async function picture() {
    const pixels = feeds.give("pixels", feed(await context.input("pixel_values")));
    const tokens = encodeTokens(root.child("vae"), config, pixels);
    const [pictures, height, width, token] = tokens.shape as number[];
    const count = height * width;
    const everywhere = Array.from({ length: pictures * count }, (_, i) => i % count);
    const features = encoderFeatures(
      root,
      config,
      reshape(tokens, [pictures, count, token]),
      feeds.give("everywhere", hostArray("int64", [pictures, count], everywhere)),
      [height, width],
    );
    const source = featureRows(rows, Number(context.config.image_token_id), count + config.mar.buffer_size);
    return { features, source: feeds.give("source", hostArray("int64", ids.shape, source)) };
  }
}
