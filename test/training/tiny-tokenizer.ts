import { Tokenizer } from "../../src/text/tokenizer.ts";
import { trainTokenizer } from "../../src/text/train-tokenizer.ts";

/** A tokenizer learned from a few texts, for the vocabulary of `tinyPlan`'s model. */
export function tinyTokenizer(...texts: readonly string[]): Tokenizer {
  const made = trainTokenizer(texts, { vocabularySize: 320 });
  return new Tokenizer(made.tokenizer as Record<string, unknown>, made.config as Record<string, unknown>);
}
