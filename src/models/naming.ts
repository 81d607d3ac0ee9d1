/**
 * Which words of an edit's instruction name something new, for the config's `placed_pixels`; no part of the official model. Every word is marked by the
 * words around it, so what is named need not be said again, and may be anything.
 */

import { logLikelihood } from "../nn/bernoulli.ts";
import { linear } from "../nn/linear.ts";
import { meanOfCounted } from "../nn/means.ts";
import type { Scope } from "../nn/scope.ts";
import { withSurroundings } from "../nn/surroundings.ts";
import { twoLayers } from "../nn/two-layers.ts";
import { add, negate, slice, type Tensor } from "../tensor/index.ts";

/** Features of a token, and of the tokens around it. */
const OWN = 48;
const WIDTH = 128;
/** Tokens before and after one that it is marked by: what is new follows on a word or two, and ends before the next. */
const BEFORE = 8;
const AFTER = 2;

/**
 * Log-odds of every token that it is one of those that name something new, and that this stands out most from the first of `BACKDROPS` in text/prompts.ts: [batch, length, 2].
 * embeddings: of a prompt's tokens, [batch, length, hidden]. `scope` is the checkpoint's `mar.source_pixels.words`.
 */
export function nameNew(scope: Scope, embeddings: Tensor): Tensor {
  const seen = withSurroundings(linear(embeddings, scope.child("own"), OWN), BEFORE, AFTER);
  return linear(twoLayers(seen, scope, WIDTH), scope.child("vote"), 2);
}

/**
 * The mean negative log-likelihood, in nats, of which tokens name something new, and of the backdrop for those that do.
 * truth: of every token whether it is known, names something new, and that stands out from the first backdrop, 1 or 0 each: [batch, length, 3].
 */
export function namingLoss(said: Tensor, truth: Tensor): Tensor {
  const [isKnown, isNew, isFirst] = [0, 1, 2].map((index) => slice(truth, 2, index, index + 1));
  const mean = (index: number, is: Tensor, counted: Tensor) => {
    const unlikely = negate(logLikelihood(slice(said, 2, index, index + 1), is));
    return meanOfCounted(unlikely, counted);
  };
  return add(mean(0, isNew, isKnown), mean(1, isFirst, isNew));
}
