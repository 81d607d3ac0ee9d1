/**
 * What a prompt names, thing by thing, and where each goes, for the config's `layouts`; no part of the official model. A small model draws one thing well,
 * and three or four at once badly. So these are drawn one by one, and put where the prompt has them, as by a layout that a language model writes
 * (arXiv 2305.13655); here the words around a word say whether it names something, and all of them together where that is.
 */

import { logLikelihood } from "../nn/bernoulli.ts";
import { linear } from "../nn/linear.ts";
import { meanOfCounted } from "../nn/means.ts";
import type { Scope } from "../nn/scope.ts";
import { withSurroundings } from "../nn/surroundings.ts";
import { twoLayers } from "../nn/two-layers.ts";
import { add, multiply, negate, slice, type Tensor, unsqueeze } from "../tensor/index.ts";
import { placingLoss } from "./placing.ts";
import { type PromptTokens, unheard } from "./prompt-reading.ts";
import { encoderLayer } from "./siglip2.ts";

/** Features of a token by itself. */
const OWN = 32;
/** Tokens before and after one that it is seen with: those of a sentence, or of the things before and after it in a list. */
const AROUND = 12;
const WIDTH = 128;
/** Layers in which every token sees all others: what else there is leaves less room. */
const LAYERS = 2;
const LAYER = { hidden_size: WIDTH, num_attention_heads: 4, intermediate_size: 2 * WIDTH, layer_norm_eps: 1e-6 };

/** Numbers that are said of every token. */
export const LAYOUT_NUMBERS = 6;
/** Numbers that are known of every token, see `layoutLoss`. */
export const LAYOUT_KNOWN = 8;

/**
 * Of every token of prompts, [batch, length, 6]: the log-odds that it is one of those that name something to be shown, and that this stands out most from
 * the first of `BACKDROPS` in text/prompts.ts; and the box that it goes to, left, top, right and bottom as shares of the sides.
 * `scope` is the checkpoint's `layout.words`.
 */
export function layOut(scope: Scope, { embeddings, isOwn }: PromptTokens): Tensor {
  const own = multiply(linear(embeddings, scope.child("own"), OWN), unsqueeze(isOwn, 2));
  let x = twoLayers(withSurroundings(own, AROUND, AROUND), scope, WIDTH);
  // Every query sees the same keys: [batch, 1, queries, keys].
  const bias = unsqueeze(add(unsqueeze(multiply(isOwn, 0), 2), unsqueeze(unheard(isOwn), 1)), 1);
  for (let index = 0; index < LAYERS; index++) x = encoderLayer(x, scope.child("layer").child(index), LAYER, bias);
  return linear(x, scope.child("vote"), LAYOUT_NUMBERS);
}

/**
 * What {@link layOut} is off by: of the words how unlikely they are, in nats, and of the boxes, of every token of a thing whose place is known, `placingLoss`.
 * truth: [batch, length, LAYOUT_KNOWN]: whether a token is the prompt's own, names something, stands out from the first backdrop, and has a known place, 1 or 0 each; and
 * the box.
 */
export function layoutLoss(said: Tensor, truth: Tensor): Tensor {
  const [isOwn, isNamed, isFirst, isPlaced] = [0, 1, 2, 3].map((index) => slice(truth, 2, index, index + 1));
  const unlikely = (index: number, is: Tensor, counted: Tensor) =>
    meanOfCounted(negate(logLikelihood(slice(said, 2, index, index + 1), is)), counted);
  const naming = add(unlikely(0, isNamed, isOwn), unlikely(1, isFirst, isNamed));
  return add(naming, placingLoss(slice(said, 2, 2, 6), slice(truth, 2, 4, 8), isPlaced));
}
