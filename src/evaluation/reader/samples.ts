import { EASY_OBJECTS, planScene, type Scene } from "../../data/index.ts";
import type { Random } from "../../random.ts";
import { type HostArray, hostArray } from "../../tensor/dtype.ts";
import { drawPixels } from "../../training/batches.ts";
import type { Autoencoder } from "../autoencoder.ts";
import { NATURAL, namesOf, PARTS, type Part, type ReaderConfig } from "./config.ts";
import { degrade } from "./degrade.ts";

/** What a picture of one object shows. */
export type Shown = Readonly<Record<Part, string>>;

/** What there is to read in a scene of one object. */
export function shownIn({ objects: [object], background }: Scene): Shown {
  return { object: object.name, color: object.color ?? NATURAL, background: background.kind };
}

/** The share of pictures without any object, of which nothing can be told but the background. */
const EMPTY_SHARE = 0.04;
const COLORED_SHARE = 0.6;
/** The share of pictures of all styles; the others are in the one that a model is trained on first. */
const ALL_STYLES_SHARE = 0.15;
/** The most noise on the latents of a round trip through the autoencoder; their own deviation is near 1. */
const MOST_LATENT_NOISE = 0.7;
/** What the names that are wrong share of a target, so that the network's confidence means something. */
const SMOOTHING = 0.03;

/** One scene to learn from, held-out combinations among them: the reader has to know what the model has to invent. */
function planSample(random: Random, objects: readonly string[]): Scene {
  const scene = planScene(random, {
    tasks: [random.chance(COLORED_SHARE) ? "colors" : "single_object"],
    objects,
    styles: random.chance(ALL_STYLES_SHARE) ? undefined : ["emoji"],
    sizes: [0.4, 0.9],
    jitter: random.uniform(),
    heldOut: "any",
  });
  return random.chance(EMPTY_SHARE) ? { ...scene, objects: [] } : scene;
}

/**
 * A batch to train on: `pixels` [count, 3, size, size] and for every part its target probabilities [count, names]. Half the pictures
 * have been through the autoencoder, if there is one; all may be degraded.
 */
export async function readerBatch(
  random: Random,
  config: ReaderConfig,
  count: number,
  autoencoder?: Autoencoder,
): Promise<Record<string, HostArray>> {
  const { size } = config;
  const objects = EASY_OBJECTS.filter((name) => config.objects.includes(name));
  const scenes = Array.from({ length: count }, () => planSample(random, objects));
  const pixels = drawPixels(scenes, size);
  const values = pixels.data as Float32Array;
  const numbers = 3 * size * size;
  if (autoencoder) {
    const half = Math.floor(count / 2);
    const part = hostArray("float32", [half, 3, size, size], values.subarray(0, half * numbers));
    const deviations = Array.from({ length: half }, () => random.uniform(0, MOST_LATENT_NOISE));
    values.set((await autoencoder.roundTrip(part, deviations, random)).data as Float32Array);
  }
  for (let i = 0; i < count; i++) degrade(random, values.subarray(i * numbers, (i + 1) * numbers), size);
  const targets = PARTS.map((part) => [part, targetsOf(scenes, part, namesOf(config, part))] as const);
  return { pixels, ...Object.fromEntries(targets) };
}

function targetsOf(scenes: readonly Scene[], part: Part, names: readonly string[]): HostArray {
  const targets = new Float32Array(scenes.length * names.length);
  scenes.forEach((scene, i) => {
    const unknown = scene.objects.length === 0 && part !== "background";
    const row = targets.subarray(i * names.length, (i + 1) * names.length);
    row.fill((unknown ? 1 : SMOOTHING) / names.length);
    if (unknown) return;
    const shown = part === "background" ? scene.background.kind : shownIn(scene)[part];
    row[names.indexOf(shown)] += 1 - SMOOTHING;
  });
  return hostArray("float32", [scenes.length, names.length], targets);
}
