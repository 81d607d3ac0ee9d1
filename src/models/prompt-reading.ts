/** What a picture's painters are told of a prompt as a whole. */

import { linear } from "../nn/linear.ts";
import { byVotes, weightedMean } from "../nn/means.ts";
import type { Scope } from "../nn/scope.ts";
import { withSurroundings } from "../nn/surroundings.ts";
import { twoLayers } from "../nn/two-layers.ts";
import { add, fullLike, multiply, reshape, slice, subtract, type Tensor, unsqueeze } from "../tensor/index.ts";

/** Prompts' tokens. */
export interface PromptTokens {
  /** [batch, length, hidden] */
  embeddings: Tensor;
  /** 1 for a prompt's own, 0 for those that fill it up: [batch, length]. */
  isOwn: Tensor;
}

/** Prompts of one length, of which every token is their own. */
export const wholePrompts = (embeddings: Tensor): PromptTokens => ({
  embeddings,
  isOwn: fullLike(reshape(slice(embeddings, 2, 0, 1), embeddings.shape.slice(0, 2)), 1),
});

/** Features of a token, and so many tokens before and after one that it is read with. */
const TOKEN = 32;
const AROUND = 3;
/** The logarithm of how much less a token counts that is none of a prompt's own. */
const UNHEARD = 1e4;

/** What is added to what counts tokens, as logarithms, so that none counts that fills a prompt up. isOwn: see `PromptTokens`; result: the same. */
export const unheard = (isOwn: Tensor): Tensor => multiply(subtract(isOwn, 1), UNHEARD);

/** So many features of a prompt, a mean over its own tokens: [batch, features]. */
export function readPrompt(scope: Scope, prompt: PromptTokens, features: number): Tensor {
  const read = readTokens(scope, prompt, features);
  return linear(weightedMean(read, unsqueeze(prompt.isOwn, 2)), scope.child("told"), features);
}

/**
 * The same by votes: of every feature each token has an opinion, and a say in it, so that one word that matters is not lost among the many tokens that stand for a
 * picture.
 */
export function readPromptByVotes(scope: Scope, prompt: PromptTokens, features: number): Tensor {
  const said = linear(readTokens(scope, prompt, features), scope.child("vote"), 2 * features);
  const [say, opinion] = [slice(said, 2, 0, features), slice(said, 2, features, 2 * features)];
  return byVotes(add(say, unsqueeze(unheard(prompt.isOwn), 2)), opinion);
}

/** Twice so many features of every token, by those around it: [batch, length, 2 x features]. */
function readTokens(scope: Scope, { embeddings, isOwn }: PromptTokens, features: number): Tensor {
  const own = multiply(linear(embeddings, scope.child("own"), TOKEN), unsqueeze(isOwn, 2));
  return twoLayers(withSurroundings(own, AROUND, AROUND), scope, 2 * features);
}

/** The same for every place: [batch, features] to [batch, features, 1, 1]. */
export const everywhere = (x: Tensor): Tensor => unsqueeze(unsqueeze(x, 2), 3);
