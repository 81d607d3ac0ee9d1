import type { UniPicConfig } from "../models/config.ts";
import { siglip2Features } from "../models/siglip2.ts";
import { unitRows } from "../nn/norm.ts";
import type { Scope } from "../nn/scope.ts";
import {
  add,
  exp,
  input,
  log,
  matmul,
  maximum,
  multiply,
  negate,
  reduceMean,
  reduceSum,
  type Tensor,
} from "../tensor/index.ts";

export interface ContrastInputs {
  /** Pictures in [-1, 1]: [batch, 3, side, side]. */
  pixels: Tensor;
  /** How often each token of the vocabulary stands in each picture's caption: [batch, vocabulary]. */
  words: Tensor;
  /** 1 where picture (row) and caption (column) belong together, -1 elsewhere: [batch, batch]. */
  pairs: Tensor;
}

/**
 * Pictures and captions told apart by a sigmoid for every pair (SigLIP, arXiv 2303.15343, algorithm 1), which teaches the vision tower
 * before a language model reads it. A picture is the mean of its patches' features; a caption the sum of its words' vectors, so that
 * what belongs to a colour and what belongs to an object must be learned apart. Scalar; the mean over pictures.
 */
export function contrastLoss(root: Scope, config: UniPicConfig, { pixels, words, pairs }: ContrastInputs): Tensor {
  const scope = root.child("siglip2");
  const { hidden_size: hidden } = config.siglip2;
  const pictures = unitRows(reduceMean(siglip2Features(scope, config.siglip2, pixels), [1])); // [batch, hidden]
  const start = { kind: "normal", deviation: 1 / Math.sqrt(hidden) } as const;
  const table = scope.parameter(WORD_TABLE, [words.shape[1] as number, hidden], start);
  const captions = unitRows(matmul(words, table)); // [batch, hidden]
  const scale = scope.parameter("logit_scale", [1], { kind: "values", values: Float32Array.of(Math.log(10)) });
  const bias = scope.parameter("logit_bias", [1], { kind: "values", values: Float32Array.of(-10) });
  const logits = add(multiply(matmul(pictures, captions, { transposeB: true }), exp(scale)), bias); // [batch, batch]
  const agreement = multiply(logits, pairs);
  // -log sigmoid(z) = max(-z, 0) + log(1 + exp(-|z|)), which overflows nowhere.
  const against = negate(agreement);
  const losses = add(maximum(against, 0), log(add(exp(negate(maximum(agreement, against))), 1)));
  return reduceMean(reduceSum(losses, [1]));
}

const WORD_TABLE = "text_model.embeddings.token_embedding.weight";

/** What only this loss uses, and a finished model need not carry. */
export const CONTRAST_ONLY: ReadonlySet<string> = new Set(
  [WORD_TABLE, "logit_scale", "logit_bias"].map((name) => `siglip2.${name}`),
);

/** The loss over inputs named `contrast.pixels`, `contrast.words` and `contrast.pairs`. */
export function contrastTask(root: Scope, config: UniPicConfig, batch: number): Tensor {
  const side = config.siglip2.image_size;
  return contrastLoss(root, config, {
    pixels: input("contrast.pixels", "float32", [batch, 3, side, side]),
    words: input("contrast.words", "float32", [batch, config.llm.vocab_size]),
    pairs: input("contrast.pairs", "float32", [batch, batch]),
  });
}
