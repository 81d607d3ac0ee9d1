import { OBJECT_NAMES, planScene, type Scene, sizesFor, type Task } from "../../data/index.ts";
import { Random } from "../../random.ts";
import { type HostArray, hostArray } from "../../tensor/dtype.ts";
import { drawPixels } from "../../training/pixel-array.ts";
import type { Autoencoder } from "../autoencoder.ts";
import type { DetectorConfig } from "./config.ts";
import { degrade } from "./degrade.ts";
import { detectorTargets } from "./targets.ts";

/** What scenes show, each as often as it stands here: many with several objects, from which more is learned. */
const TASKS: readonly Task[] = [
  "single_object",
  "colors",
  "colors",
  "color_attr",
  "color_attr",
  "two_object",
  "position",
  "counting",
  "dense",
  "dense",
  "dense",
];
/** Single objects are shown from small to nearly as large as the picture. */
const SINGLE_SIZES = [0.3, 0.9] as const;
/** The share of pictures without any object. */
const EMPTY_SHARE = 0.03;
/** The share of pictures of all styles; the others are in the one that models are trained on first. */
const ALL_STYLES_SHARE = 0.4;
/** The share of pictures that have been through the autoencoder, where there is one. */
const DECODED_SHARE = 0.25;
/** The most noise on the latents of a round trip through the autoencoder; their own deviation is near 1. */
const MOST_LATENT_NOISE = 0.7;

/** One scene to learn from, held-out combinations among them: the detector has to know what a model has to invent. */
function planSample(random: Random, config: DetectorConfig): Scene {
  const task = random.pick(TASKS);
  const scene = planScene(random, {
    tasks: [task],
    objects: config.objects.length === OBJECT_NAMES.length ? undefined : config.objects,
    styles: random.chance(ALL_STYLES_SHARE) ? undefined : ["emoji"],
    sizes: sizesFor(task, SINGLE_SIZES),
    jitter: Math.sqrt(random.uniform()),
    heldOut: "any",
  });
  return random.chance(EMPTY_SHARE) ? { ...scene, objects: [] } : scene;
}

/**
 * The batch of a step, made from the seed and the step's number alone, so that a resumed run sees what it would have seen: `pixels`
 * [count, 3, size, size], degraded, and what {@link detectorTargets} makes of the scenes.
 */
export async function detectorBatch(
  config: DetectorConfig,
  count: number,
  seed: number,
  step: number,
  autoencoder?: Autoencoder,
): Promise<Record<string, HostArray>> {
  const random = new Random(seed * 1_000_003 + step);
  const { size } = config;
  const scenes = Array.from({ length: count }, () => planSample(random, config));
  const pixels = drawPixels(scenes, size);
  const values = pixels.data as Float32Array;
  const numbers = 3 * size * size;
  if (autoencoder) {
    const decoded = Math.floor(count * DECODED_SHARE);
    const part = hostArray("float32", [decoded, 3, size, size], values.subarray(0, decoded * numbers));
    const deviations = Array.from({ length: decoded }, () => random.uniform(0, MOST_LATENT_NOISE));
    values.set((await autoencoder.roundTrip(part, deviations, random)).data as Float32Array);
  }
  for (let i = 0; i < count; i++) degrade(random, values.subarray(i * numbers, (i + 1) * numbers), size);
  return { pixels, ...detectorTargets(random, config, scenes) };
}
