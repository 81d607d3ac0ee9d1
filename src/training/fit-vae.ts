import type { PatchVaeConfig } from "../models/config.ts";
import { decodePatches, encodePatches } from "../models/vae-patch.ts";
import { Scope } from "../nn/scope.ts";
import { Random } from "../random.ts";
import type { Engine } from "../runtime/engine.ts";
import { type HostArray, hostArray } from "../tensor/dtype.ts";
import { absolute, add, detach, input, multiply, reduceMean, square, subtract } from "../tensor/index.ts";
import { learningRate } from "./learning-rate.ts";
import { ADAMW } from "./optimizer.ts";
import type { Values } from "./parameters.ts";
import { principalComponents } from "./principal-components.ts";
import { averagedWeights, TrainingProgram } from "./training-program.ts";

export interface FitVaeOptions {
  config: PatchVaeConfig;
  /** Side of the pictures in pixels. */
  size: number;
  /** Which pictures: [count, 3, size, size] in [-1, 1]. What is left to chance is drawn from `random`. */
  pictures: (random: Random, count: number) => Promise<HostArray>;
  seed: number;
  steps: number;
  batch: number;
  learningRate: number;
  /** Standard deviation of the noise put on the latents, whose own is 1: what is drawn is never exact. */
  noise: number;
  threads?: number;
  signal?: AbortSignal;
  onProgress?: (progress: { step: number; steps: number; psnr: number }) => void;
}

/** Pictures measured at the end: of the picture world, ones that training never showed. */
const MEASURED = 256;
const COMPONENT_PICTURES = 1500;
/** The least variance of a latent that is reckoned with: relative to the greatest, and where that is nothing itself. */
const LEAST_VARIANCE = 1e-8;
const TINY = 1e-12;

/**
 * Fits the small autoencoder to pictures: the linear encoder from principal components, half whitened (each latent scaled by
 * the fourth root of its variance, so that fine detail counts less than shape but is not lost), then the decoder by gradient descent.
 * Returns the weights under the checkpoint's `vae.`, and the peak signal-to-noise ratio on fresh pictures in decibels.
 */
export async function fitVae(engine: Engine, options: FitVaeOptions): Promise<{ weights: Values; psnr: number }> {
  const { config, size, steps, batch, seed } = options;
  const root = Scope.root();
  const scope = root.child("vae");
  const pixels = input("pixels", "float32", [batch, 3, size, size]);
  const noise = input("noise", "float32", [batch, config.embed_dim, size / config.patch, size / config.patch]);
  const latents = add(detach(encodePatches(scope, config, pixels)), noise);
  const difference = subtract(decodePatches(scope, config, latents), pixels);
  const squared = reduceMean(square(difference));
  const total = add(squared, multiply(reduceMean(absolute(difference)), 0.1));
  const random = new Random(seed);
  const started = componentWeights(config, await options.pictures(random.fork(), COMPONENT_PICTURES));
  const program = await TrainingProgram.build(
    engine,
    { device: "cpu", threads: options.threads },
    root,
    total,
    { squared },
    { optimizer: ADAMW, ema: 0.998, trains: (name) => name.startsWith("vae.decoder.") },
    random.fork(),
    { parameters: started },
  );
  const rate = { peak: options.learningRate, warmup: Math.min(50, steps), steps, shape: "cosine" } as const;
  const feeds = (pictures: HostArray, deviation: number): Record<string, HostArray> => {
    const values = random.normals(noise.shape.reduce<number>((a, b) => a * Number(b), 1));
    return {
      pixels: pictures,
      noise: hostArray(
        "float32",
        noise.shape as number[],
        values.map((value) => value * deviation),
      ),
    };
  };
  for (let step = 0; step < steps; step++) {
    options.signal?.throwIfAborted();
    const losses = await program.step(
      feeds(await options.pictures(random, batch), options.noise * random.uniform()),
      learningRate(step, rate),
    );
    options.onProgress?.({ step: step + 1, steps, psnr: decibels(losses.squared) });
  }
  const weights = averagedWeights(await program.state());
  // Measured with the averaged weights and without noise, by a step that changes nothing.
  const measuring = await TrainingProgram.build(
    engine,
    { device: "cpu", threads: options.threads },
    root,
    total,
    { squared },
    { optimizer: ADAMW, trains: (name) => name.startsWith("vae.decoder.conv_out") },
    random.fork(),
    { parameters: weights },
  );
  let sum = 0;
  const rounds = Math.max(1, Math.floor(MEASURED / batch));
  for (let round = 0; round < rounds; round++) {
    sum += (await measuring.step(feeds(await options.pictures(random, batch), 0), 0)).squared / rounds;
  }
  await Promise.all([program.release(), measuring.release()]);
  return { weights, psnr: decibels(sum) };
}

/** Peak signal-to-noise ratio of values in [-1, 1]. */
const decibels = (squaredError: number): number => 10 * Math.log10(4 / squaredError);

/** The encoder and the decoder's linear part from the principal components of all patches of the pictures. */
function componentWeights(config: PatchVaeConfig, { data, shape }: HostArray): Values {
  const { embed_dim: count, patch } = config;
  const numbers = 3 * patch * patch;
  const pictures = data as Float32Array;
  const size = shape[2];
  const side = size / patch;
  const area = size * size;
  const patches = new Float32Array(pictures.length);
  let row = 0;
  for (let picture = 0; picture < pictures.length / (3 * area); picture++) {
    for (let top = 0; top < side; top++) {
      for (let left = 0; left < side; left++, row++) {
        for (let i = 0; i < numbers; i++) {
          const channel = Math.floor(i / (patch * patch));
          const y = top * patch + (Math.floor(i / patch) % patch);
          const x = left * patch + (i % patch);
          patches[row * numbers + i] = pictures[(picture * 3 + channel) * area + y * size + x];
        }
      }
    }
  }
  const { mean, directions, variances: found } = principalComponents(patches, numbers, count);
  // Pictures of few colours vary in few directions: what is left is zero, or rounding below it.
  const variances = found.map((variance) => Math.max(variance, found[0] * LEAST_VARIANCE, TINY));
  const common = variances.reduce((sum, variance) => sum + Math.sqrt(variance), 0) / count;
  const scales = variances.map((variance) => 1 / (variance ** 0.25 * Math.sqrt(common)));
  const forward = new Float32Array(count * numbers);
  const back = new Float32Array(numbers * count);
  const bias = new Float32Array(count);
  directions.forEach((direction, k) => {
    for (let i = 0; i < numbers; i++) {
      forward[k * numbers + i] = direction[i] * scales[k];
      back[i * count + k] = direction[i] / scales[k];
      bias[k] -= mean[i] * direction[i] * scales[k];
    }
  });
  return new Map([
    ["vae.encoder.weight", hostArray("float32", [count, 3, patch, patch], forward)],
    ["vae.encoder.bias", hostArray("float32", [count], bias)],
    ["vae.decoder.linear.weight", hostArray("float32", [numbers, count], back)],
    ["vae.decoder.linear.bias", hostArray("float32", [numbers], Float32Array.from(mean))],
  ]);
}
