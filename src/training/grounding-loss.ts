import { patchSide, type UniPicConfig } from "../models/config.ts";
import { wordTable } from "../models/qwen2.ts";
import { visionFeatures } from "../models/unipic.ts";
import { meanOfCounted } from "../nn/means.ts";
import { unitRows } from "../nn/norm.ts";
import type { Scope } from "../nn/scope.ts";
import {
  add,
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
  type Tensor,
} from "../tensor/index.ts";

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

/** The loss, over inputs named `grounding.pixels`, `grounding.words`, `grounding.things`, `grounding.places` and `grounding.weights`. */
export function groundingTask(root: Scope, config: UniPicConfig, batch: number): Tensor {
  const { image_size: side } = config.siglip2;
  const pixels = input("grounding.pixels", "float32", [batch, 3, side, side]);
  const features = visionFeatures(root, config, pixels);
  const patches = batch * patchSide(config.siglip2) ** 2;
  return groundingLoss(root, config, {
    features,
    words: input("grounding.words", "float32", ["grounding_phrases", config.llm.vocab_size]),
    things: input("grounding.things", "int64", [patches]),
    places: input("grounding.places", "int64", [patches]),
    weights: input("grounding.weights", "float32", [patches]),
  });
}
