import { nativeSide, tokenWidth, type UniPicConfig } from "../models/config.ts";
import { decode, encodeVisible } from "../models/mar.ts";
import type { Grid } from "../models/position-table.ts";
import { logits, qwen2 } from "../models/qwen2.ts";
import { embedText, projectIn, readContext, spliceFeatures } from "../models/unipic.ts";
import { encodeTokens } from "../models/vae.ts";
import type { Scope } from "../nn/scope.ts";
import {
  concat,
  detach,
  gatherRows,
  logSoftmax,
  multiplyDimensions,
  negate,
  reduceMean,
  reshape,
  scaleGradient,
  type Tensor,
  takeLast,
} from "../tensor/index.ts";
import { diffusionTerms } from "./diffusion-loss.ts";

/** Gradients that enter a source picture's features are scaled by this where nothing else is said (model.md, "Losses"). */
export const SOURCE_GRADIENT_SCALE = 0.1;

/** What the two drawing losses share. Every index is int64. */
export interface DrawingInputs {
  /** Latents of the pictures to draw: [batch, rows x columns, token]. */
  tokens: Tensor;
  /** Visible places in raster order: [batch, visible]. */
  places: Tensor;
  /** Rows of all tokens (batch x places) that are visible: [batch, visible]. */
  visible: Tensor;
  /** The decoder's canvas, see `canvasRows` in models/mar.ts: [batch, rows x columns]. */
  canvas: Tensor;
  /** Rows of all tokens that are to be predicted, repeated as often as the loss wants: [rows]. */
  predicted: Tensor;
  /** Prompt ids [batch, length]. */
  ids: Tensor;
  /** Positions and mask of prompt and picture: [batch, length + visible + buffer]. */
  positions: Tensor;
  mask: Tensor;
  /** [rows] */
  timesteps: Tensor;
  /** Unit noise: [rows, token]. */
  noise: Tensor;
}

/** What editing adds: the source picture. */
export interface SourceInputs {
  /** Latents of the source pictures: [batch, rows x columns, token]. */
  sourceTokens: Tensor;
  /** Every place, for every picture: [batch, rows x columns]. */
  everywhere: Tensor;
  /** Where text and image features go, see `featureRows` in models/unipic.ts: [batch, length]. */
  source: Tensor;
  /** What the vision tower tells of the source pictures, where the model's edits have it: [batch, patches, hidden]. */
  vision?: Tensor;
}

const flat = (x: Tensor): Tensor => reshape(x, [multiplyDimensions(x.shape[0], x.shape[1]), x.shape[2]]);

/** The loss of drawing (scalar), and what parity and benchmarks look at on the way. */
export interface DrawingLoss {
  loss: Tensor;
  /** The encoder's states after they have read the prompt: [batch, buffer + visible, encoder width]. */
  fused: Tensor;
  /** The decoder's conditions for the head: [batch, rows x columns, decoder width]. */
  condition: Tensor;
  /** Of an edit, the encoder's states of its source picture: [batch, buffer + rows x columns, encoder width]. */
  source?: Tensor;
}

/**
 * Text to image, or with a source picture image editing: the mean diffusion loss of the predicted tokens.
 * @param sourceGradient what the gradient that enters the source picture's features is scaled by
 */
export function drawingLoss(
  root: Scope,
  config: UniPicConfig,
  grid: Grid,
  inputs: DrawingInputs,
  editing?: SourceInputs,
  sourceGradient = SOURCE_GRADIENT_SCALE,
): DrawingLoss {
  const mar = root.child("mar");
  const tokens = flat(inputs.tokens); // [batch x places, token]
  const encoded = encodeVisible(mar, config.mar, gatherRows(tokens, inputs.visible), inputs.places, grid);
  let embeddings = embedText(root, config, inputs.ids);
  let source: Tensor | undefined;
  if (editing) {
    const seen = encodeVisible(mar, config.mar, editing.sourceTokens, editing.everywhere, grid);
    source = scaleGradient(seen, sourceGradient);
    const encoded = projectIn(root, config, seen);
    const features = editing.vision ? concat([encoded, editing.vision], 1) : encoded;
    embeddings = spliceFeatures(embeddings, scaleGradient(features, sourceGradient), editing.source);
  }
  const fused = readContext(root, config, encoded, embeddings, inputs.positions, inputs.mask);
  const condition = decode(mar, config.mar, { encoded: fused, canvas: inputs.canvas, source }, grid);
  const { timesteps, noise } = inputs;
  const { total } = diffusionTerms(mar.child("diffloss.net"), config, {
    target: gatherRows(tokens, inputs.predicted),
    condition: gatherRows(flat(condition), inputs.predicted),
    timesteps,
    noise,
  });
  return { loss: reduceMean(total), fused, condition, source };
}

export interface UnderstandingInputs {
  /** Token ids of prompt and answer: int64 [batch, length]. */
  ids: Tensor;
  positions: Tensor;
  mask: Tensor;
  /** Which of several questions about a picture a token belongs to, see `Seen` in models/qwen2.ts: int64 [batch, length]. */
  turns?: Tensor;
  /** Rows (batch x length) whose next token is part of an answer: int64 [answers]. */
  rows: Tensor;
  /** Those next tokens: int64 [answers]. */
  labels: Tensor;
  /** The picture, if the batch has one: its features [batch, count, hidden] and where they go. */
  picture?: { features: Tensor; source: Tensor };
}

/** Understanding: mean next-token cross entropy of the answers, in nats. */
export function understandingLoss(root: Scope, config: UniPicConfig, inputs: UnderstandingInputs): Tensor {
  const text = embedText(root, config, inputs.ids);
  const { picture, positions, mask, turns } = inputs;
  const embeddings = picture ? spliceFeatures(text, picture.features, picture.source) : text;
  const { states } = qwen2(root.child("llm"), config.llm, { embeddings, positions, mask, turns });
  const scores = logSoftmax(logits(root.child("llm"), config.llm, gatherRows(flat(states), inputs.rows)));
  return negate(reduceMean(takeLast(scores, reshape(inputs.labels, [inputs.labels.shape[0], 1]))));
}

/** Latents of pictures by the autoencoder, which stays as it is. pixels: [batch, 3, side, side] in [-1, 1]; result: [batch, rows x columns, token]. */
export function frozenLatents(root: Scope, config: UniPicConfig, pixels: Tensor): Tensor {
  const count = nativeSide(config.mar) ** 2;
  const tokens = encodeTokens(root.child("vae"), config, pixels);
  return detach(reshape(tokens, [pixels.shape[0], count, tokenWidth(config.mar)]));
}

/** Image features for understanding by way of the encoder, as the public script does: [batch, places + buffer, hidden]. */
export function encoderFeatures(
  root: Scope,
  config: UniPicConfig,
  tokens: Tensor,
  everywhere: Tensor,
  grid: Grid,
): Tensor {
  const seen = encodeVisible(root.child("mar"), config.mar, tokens, everywhere, grid);
  return scaleGradient(projectIn(root, config, seen), SOURCE_GRADIENT_SCALE);
}
