import { nativeSide, patchSide, type UniPicConfig } from "../models/config.ts";
import { wordTable } from "../models/qwen2.ts";
import { visionFeatures } from "../models/unipic.ts";
import { meanOfCounted } from "../nn/means.ts";
import { unitRows } from "../nn/norm.ts";
import type { Scope } from "../nn/scope.ts";
import {
  add,
  constant,
  detach,
  gatherRows,
  input,
  linear,
  logSoftmax,
  multiply,
  multiplyDimensions,
  negate,
  reduceSum,
  reshape,
  slice,
  type Tensor,
} from "../tensor/index.ts";
import { encoderFeatures, frozenLatents } from "./losses.ts";

export interface GroundingInputs {
  /** What the language model gets of the pictures: [batch, patches, hidden]. */
  features: Tensor;
  /** Distributions over the vocabulary, one for each thing that is shown and each place: [phrases, vocabulary]. */
  words: Tensor;
  /** What every patch shows, a row of `words`: int64 [batch x patches]. */
  things: Tensor;
  /** Where in the picture that is, a row of `words`: int64 [batch x patches]. */
  places: Tensor;
  /** What every patch counts: [batch x patches]. */
  weights: Tensor;
}

/** What the cosines of a patch with all words are multiplied by before the softmax. */
const SHARPNESS = 20;

/** How much of what a patch says is the place of what it shows. */
const PLACE_SHARE = 0.3;

/**
 * Every patch says in the language model's own words what it shows: the cross entropy, in nats, of the words of the thing that stands
 * there and of where it stands, where a word is as likely as its embedding is near to the patch's features as the language model gets them. The embeddings stay as
 * they are; only what makes the features learns. Scalar; the mean over patches, by their weights. SigLIP 2 (arXiv 2502.14786,
 * section 2.1) teaches its tower where things are by having a decoder say it.
 */
function groundingLoss(root: Scope, config: UniPicConfig, inputs: GroundingInputs): Tensor {
  const scores = patchScores(root, config, inputs.features);
  const wanted = add(
    multiply(gatherRows(inputs.words, inputs.things), 1 - PLACE_SHARE),
    multiply(gatherRows(inputs.words, inputs.places), PLACE_SHARE),
  );
  const losses = negate(reduceSum(multiply(scores, wanted), [1]));
  return meanOfCounted(losses, inputs.weights, 1e-6);
}

/** What each patch says: logarithms of the chances of all words, [batch x patches, vocabulary]. features: [batch, patches, hidden]. */
export function patchScores(root: Scope, config: UniPicConfig, features: Tensor): Tensor {
  const [batch, patches, hidden] = features.shape;
  const rows = unitRows(reshape(features, [multiplyDimensions(batch, patches), hidden]));
  const table = unitRows(detach(wordTable(root.child("llm"), config.llm))); // [vocabulary, hidden]
  return logSoftmax(multiply(linear(rows, table), SHARPNESS));
}

/**
 * A whole picture's tokens as the language model gets them of a source picture, by the masked autoregressive encoder, without the buffer.
 * pixels: [batch, 3, side, side] in [-1, 1]; result: [batch, tokens, hidden].
 */
export function tokenFeatures(root: Scope, config: UniPicConfig, batch: number, pixels: Tensor): Tensor {
  const side = nativeSide(config.mar);
  const count = side * side;
  const everywhere = constant(
    "int64",
    [batch, count],
    BigInt64Array.from({ length: batch * count }, (_, i) => BigInt(i % count)),
  );
  const features = encoderFeatures(root, config, frozenLatents(root, config, pixels), everywhere, [side, side], 1);
  return slice(features, 1, 0, count);
}

/**
 * The loss by way of the vision tower, over inputs named `grounding.pixels`, `grounding.words`, `grounding.things`, `grounding.places` and
 * `grounding.weights`.
 */
export function groundingTask(root: Scope, config: UniPicConfig, batch: number): Tensor {
  const { image_size: side } = config.siglip2;
  const pixels = input("grounding.pixels", "float32", [batch, 3, side, side]);
  const features = visionFeatures(root, config, pixels);
  return groundingLoss(root, config, {
    features,
    ...said("grounding", config, batch * patchSide(config.siglip2) ** 2),
  });
}

/** The same by way of the encoder that reads source pictures: inputs named `encoderGrounding.pixels` and so on, patches being tokens. */
export function encoderGroundingTask(root: Scope, config: UniPicConfig, batch: number): Tensor {
  const { mar } = config;
  const pixels = input("encoderGrounding.pixels", "float32", [batch, 3, mar.img_size, mar.img_size]);
  const features = tokenFeatures(root, config, batch, pixels);
  return groundingLoss(root, config, { features, ...said("encoderGrounding", config, batch * nativeSide(mar) ** 2) });
}

/** What all patches of a batch are to say. */
const said = (task: string, { llm }: UniPicConfig, patches: number): Omit<GroundingInputs, "features"> => ({
  words: input(`${task}.words`, "float32", [`${task}_phrases`, llm.vocab_size]),
  things: input(`${task}.things`, "int64", [patches]),
  places: input(`${task}.places`, "int64", [patches]),
  weights: input(`${task}.weights`, "float32", [patches]),
});
