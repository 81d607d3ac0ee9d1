import { linear } from "../nn/linear.ts";
import { layerNorm } from "../nn/norm.ts";
import type { Scope } from "../nn/scope.ts";
import {
  add,
  cast,
  concat,
  constant,
  cos,
  multiply,
  reshape,
  silu,
  sin,
  slice,
  split,
  layerNorm as standardize,
  subtract,
  subtractDimensions,
  type Tensor,
} from "../tensor/index.ts";
import { type MarConfig, tokenWidth } from "./config.ts";

const FREQUENCIES = 128;
const EPSILON = 1e-6;

/** [cos, sin] of each timestep at 128 frequencies exp(-ln(10^4) i / 128), in fp32. timesteps: [rows]; result: [rows, 256]. */
export function timeFeatures(timesteps: Tensor): Tensor {
  const rate = Math.fround(-Math.log(1e4));
  const frequencies = Float32Array.from({ length: FREQUENCIES }, (_, i) =>
    singleExponential(Math.fround(rate * i) / FREQUENCIES),
  );
  const places = reshape(cast(timesteps, "float32"), [timesteps.shape[0], 1]);
  const angles = multiply(places, constant("float32", [1, FREQUENCIES], frequencies));
  return concat([cos(angles), sin(angles)], 1);
}

/**
 * exp(x) in fp32 as processors' vector libraries work it out, one rounding a step: 2^q (1 + (e^s - 1)), x = q ln 2 + s. The head was
 * trained on frequencies with these roundings, and at time 999 the last bit of a frequency is the fifth decimal of a feature.
 */
function singleExponential(x: number): number {
  const power = Math.round(x / Math.LN2);
  const rest = Math.fround(x - power * Math.LN2);
  return Math.fround(1 + Math.fround(Math.expm1(rest))) * 2 ** power;
}

/** Timesteps [rows] to embeddings [rows, width]. */
export function timeEmbedding(scope: Scope, config: MarConfig, timesteps: Tensor): Tensor {
  const mlp = scope.child("time_embed.mlp");
  const initial = { kind: "normal", deviation: 0.02 } as const;
  const hidden = silu(linear(timeFeatures(timesteps), mlp.child("0"), config.diffloss_w, { initial }));
  return linear(hidden, mlp.child("2"), config.diffloss_w, { initial });
}

/** Starts at zero, so that every block begins as the identity (adaLN-zero, arXiv 2212.09748). */
const ZERO = { kind: "zeros" } as const;

const modulate = (x: Tensor, shift: Tensor, scale: Tensor): Tensor => add(multiply(x, add(scale, 1)), shift);

/**
 * The per-token denoising network (arXiv 2406.11838, section 3.2): prediction (see `prediction` in config.ts) and variance values for noised
 * tokens.
 * x: [rows, token]; timesteps: [rows] or [1], the same for all; condition: [rows, decoder width]; result: [rows, 2 x token], the
 * prediction first. `scope` is the checkpoint's `mar.diffloss.net`.
 */
export function denoiser(scope: Scope, mar: MarConfig, x: Tensor, timesteps: Tensor, condition: Tensor): Tensor {
  const width = mar.diffloss_w;
  const token = tokenWidth(mar);
  const time = timeEmbedding(scope, mar, timesteps);
  const y = silu(add(linear(condition, scope.child("cond_embed"), width), time)); // [rows, width]
  let h = linear(x, scope.child("input_proj"), width);
  for (let index = 0; index < mar.diffloss_d; index++) {
    const block = scope.child("res_blocks").child(index);
    const signal = linear(y, block.child("adaLN_modulation.1"), 3 * width, { initial: ZERO });
    const [shift, scale, gate] = split(signal, 1, 3);
    const normal = modulate(layerNorm(h, block.child("in_ln"), EPSILON), shift, scale);
    const inner = silu(linear(normal, block.child("mlp.0"), width));
    h = add(h, multiply(gate, linear(inner, block.child("mlp.2"), width)));
  }
  const final = scope.child("final_layer");
  const [shift, scale] = split(linear(y, final.child("adaLN_modulation.1"), 2 * width, { initial: ZERO }), 1, 2);
  const normal = modulate(standardize(h, EPSILON), shift, scale);
  return linear(normal, final.child("linear"), 2 * token, { initial: ZERO });
}

/** The noise in x that a head's prediction means. signal, spread: sqrt(abar) and sqrt(1 - abar) of the timestep, broadcast to x. */
export function predictedNoise(
  config: MarConfig,
  prediction: Tensor,
  x: Tensor,
  signal: Tensor,
  spread: Tensor,
): Tensor {
  return config.prediction === "epsilon" ? prediction : add(multiply(x, spread), multiply(prediction, signal));
}

/**
 * The head's prediction under guidance, and its variance values, which are never guided. x: [tokens, token]; timesteps: [1]; condition:
 * [rows, decoder width], a row for each token or two, the unconditional ones last; guidance: []. Results: [tokens, token].
 *
 * With one row a token both predictions are the same, whatever the guidance: one program serves guided and unguided rounds.
 */
export function guidedPrediction(
  scope: Scope,
  mar: MarConfig,
  inputs: { x: Tensor; timesteps: Tensor; condition: Tensor; guidance: Tensor },
): { prediction: Tensor; variance: Tensor } {
  const { x, timesteps, condition, guidance } = inputs;
  const [tokens] = x.shape;
  const width = tokenWidth(mar);
  const [rows] = condition.shape;
  const twins = slice(concat([x, x], 0), 0, 0, rows);
  const output = denoiser(scope, mar, twins, timesteps, condition);
  const conditional = slice(output, 0, 0, tokens);
  const predicted = (part: Tensor) => slice(part, 1, 0, width);
  const unconditional = predicted(slice(output, 0, subtractDimensions(rows, tokens), rows));
  return {
    // Guiding predictions is guiding noise: both twins have the same x, and the one is a linear function of the other.
    prediction: add(unconditional, multiply(subtract(predicted(conditional), unconditional), guidance)),
    variance: slice(conditional, 1, width, 2 * width),
  };
}
