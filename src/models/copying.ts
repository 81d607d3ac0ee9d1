/**
 * How the diffusion head copies an edit's source, for the config's `source_tokens`; no part of the official model. Beside what the decoder
 * tells it of a place, the head is shown what becomes of the source's own token there, and says for each of a token's numbers how far it is that.
 */

import { linear } from "../nn/linear.ts";
import type { Scope } from "../nn/scope.ts";
import { twoLayers } from "../nn/two-layers.ts";
import { noiseSchedule } from "../sampling/noise-schedule.ts";
import { add, concat, fullLike, multiply, pad, sigmoid, slice, subtract, type Tensor } from "../tensor/index.ts";
import { type MarConfig, tokenWidth, type UniPicConfig } from "./config.ts";
import { atTimesteps } from "./timestep-table.ts";

/** A head that has learned without a source's tokens stands little of them at first. */
const LITTLE = { kind: "normal", deviation: 0.01 } as const;
/** So far, in latents' own deviations, a number that is copied may be off: the head has a say in the last of the noise. */
const DEVIATION = 0.1;
/** Added to what gates are given: at first a twentieth is copied. */
const CLOSED = -3;

/** Numbers in a condition of the head: the decoder's, and with `source_tokens` the source's token and whether there is one, 1 or 0. */
export const conditionWidth = (mar: MarConfig): number =>
  mar.decoder_embed_dim + (mar.source_tokens ? tokenWidth(mar) + 1 : 0);

/** The decoder's conditions as the head of this config wants them, nothing shown. condition: [..., decoder width]; result: [..., condition width]. */
export const withoutSource = (mar: MarConfig, condition: Tensor): Tensor =>
  mar.source_tokens ? pad(condition, condition.shape.length - 1, 0, tokenWidth(mar) + 1) : condition;

/**
 * Conditions with the source's tokens of the same places, changed as the instruction says. condition: [..., condition width]; tokens:
 * [..., token]; result: as condition.
 */
export function showTokens(scope: Scope, mar: MarConfig, condition: Tensor, tokens: Tensor): Tensor {
  const last = condition.shape.length - 1;
  const { decoder_embed_dim: width } = mar;
  const told = linear(tokens, scope.child("source_embed"), width, { bias: false, initial: LITTLE });
  const there = fullLike(slice(tokens, last, 0, 1), 1);
  const read = slice(condition, last, 0, width);
  return concat([add(read, told), changed(scope.child("source_change"), mar, read, tokens), there], last);
}

/**
 * What tokens of a source become, as far as the decoder's conditions of their places tell: a network that begins as one that changes
 * nothing. It is asked once for a token, not once for every step of denoising.
 */
function changed(scope: Scope, mar: MarConfig, condition: Tensor, tokens: Tensor): Tensor {
  const last = tokens.shape.length - 1;
  const given = concat([condition, tokens], last);
  const second = twoLayers(given, scope, mar.diffloss_w);
  // Most of a change is linear in what is given.
  const features = concat([given, second], last);
  const change = linear(features, scope.child("linear"), tokenWidth(mar), { initial: { kind: "zeros" } });
  return add(tokens, change);
}

/** The changed source tokens in conditions that {@link showTokens} has made. condition: [rows, condition width]; result: [rows, token]. */
export const shownTokens = (mar: MarConfig, condition: Tensor): Tensor =>
  slice(condition, 1, mar.decoder_embed_dim, mar.decoder_embed_dim + tokenWidth(mar));

/**
 * The head's prediction, drawn towards that of a copy where gates are open. prediction, gates (before the sigmoid), x: [rows, token];
 * timesteps: [rows] or [1]; condition: [rows, condition width].
 */
export function copyShown(
  config: UniPicConfig,
  inputs: { prediction: Tensor; gates: Tensor; x: Tensor; timesteps: Tensor; condition: Tensor },
): Tensor {
  const { prediction, gates, x, timesteps, condition } = inputs;
  const end = conditionWidth(config.mar);
  const source = shownTokens(config.mar, condition);
  const there = slice(condition, 1, end - 1, end); // [rows, 1]
  const weights = copyWeights(config);
  const [ofX, ofSource] = [weights.x, weights.source].map((table) => atTimesteps(table, timesteps));
  const copy = add(multiply(x, ofX), multiply(source, ofSource));
  const share = multiply(sigmoid(add(gates, CLOSED)), there);
  return add(prediction, multiply(share, subtract(copy, prediction)));
}

/**
 * At every timestep, what x and the source count in the prediction of a perfect head that knows of the clean token that it lies about the
 * source, with {@link DEVIATION} d: given x = s clean + n noise, the noise is n (x - s source) / (n^2 + d^2 s^2) on average.
 */
export function copyWeights({ mar, max_beta }: UniPicConfig): { x: Float32Array; source: Float32Array } {
  const schedule = noiseSchedule({ maxBeta: max_beta });
  const ofLevels = (weight: (signal: number, spread: number) => number) =>
    Float32Array.from(schedule.sqrtAlphasCumprod, (signal, i) => {
      const spread = schedule.sqrtOneMinusAlphasCumprod[i];
      return (spread * weight(signal, spread)) / (spread ** 2 + DEVIATION ** 2 * signal ** 2);
    });
  return mar.prediction === "epsilon"
    ? { x: ofLevels(() => 1), source: ofLevels((signal) => -signal) }
    : { x: ofLevels((signal) => signal * (1 - DEVIATION ** 2)), source: ofLevels(() => -1) };
}
