import { drawScene, type Scene } from "../data/index.ts";
import { fromModelRange, type Picture } from "../image/index.ts";
import { Random } from "../random.ts";
import { drawPixels } from "../training/batches.ts";
import type { Autoencoder } from "./autoencoder.ts";
import { type Judged, type Scores, satisfies, score, type Wanted } from "./judge.ts";
import { type Proportion, proportion } from "./proportion.ts";
import { NATURAL, namesOf, PARTS, type Part } from "./reader/config.ts";
import type { Reader } from "./reader/reader.ts";
import { shownIn } from "./reader/samples.ts";

/** What the reader makes of pictures that are right: no model can be expected to score more. */
export interface Ceiling {
  /** Of which pictures: clean renders, or those that have been through the autoencoder, without or with noise on the latents. */
  of: string;
  scores: Scores;
  /** How often a prompt passes of which one part is wrong: the wrong object, colour or background. */
  falsePasses: Record<Part, Proportion>;
}

/** A scene of one object, and what a picture of it should show. */
export interface Target {
  scene: Scene;
  wanted: Wanted;
}

export interface CeilingOptions {
  seed: number;
  /** For the pictures that have been through it; without one, only clean renders are measured. */
  autoencoder?: Autoencoder;
  /** The parts that have to be right together: see {@link score}. */
  together?: readonly Part[];
}

/** Standard deviations of the noise put on latents, whose own is near 1. */
const LATENT_NOISE = [0, 0.3, 0.6] as const;
const BATCH = 64;

/** What a prompt for a scene of one object asks for. A natural object's colour is never said. */
export function wantedFrom(scene: Scene): Wanted {
  const { object, color, background } = shownIn(scene);
  return color === NATURAL ? { object, background } : { object, color, background };
}

/** Reads renders of what is wanted: clean, and through the autoencoder with ever more noise on the latents. */
export async function measureCeiling(
  reader: Reader,
  targets: readonly Target[],
  options: CeilingOptions,
): Promise<Ceiling[]> {
  const { autoencoder, together } = options;
  const random = new Random(options.seed);
  const scenes = targets.map(({ scene }) => scene);
  const measure = async (of: string, pictures: readonly Picture[]): Promise<Ceiling> => {
    const readings = await reader.read(pictures);
    const judged = targets.map(({ wanted }, i) => ({ wanted, reading: readings[i] }));
    const rates = PARTS.map((part) => [part, falsePassRate(random, reader, judged, part)] as const);
    return {
      of,
      scores: score(judged, together),
      falsePasses: Object.fromEntries(rates) as Record<Part, Proportion>,
    };
  };
  const ceilings = [await measure("clean", drawPictures(scenes, reader.config.size))];
  if (autoencoder === undefined) return ceilings;
  for (const deviation of LATENT_NOISE) {
    const of = deviation === 0 ? "autoencoder" : `latent noise ${deviation}`;
    ceilings.push(await measure(of, await throughAutoencoder(autoencoder, scenes, deviation, random)));
  }
  return ceilings;
}

/** Scenes as pictures of a side in pixels. */
export function drawPictures(scenes: readonly Scene[], size: number): Picture[] {
  return scenes.map((scene) => ({ width: size, height: size, data: drawScene(scene, size) }));
}

async function throughAutoencoder(
  autoencoder: Autoencoder,
  scenes: readonly Scene[],
  deviation: number,
  random: Random,
): Promise<Picture[]> {
  const { size } = autoencoder;
  const numbers = 3 * size * size;
  const pictures: Picture[] = [];
  for (let start = 0; start < scenes.length; start += BATCH) {
    const part = scenes.slice(start, start + BATCH);
    const deviations = part.map(() => deviation);
    const values = (await autoencoder.roundTrip(drawPixels(part, size), deviations, random)).data as Float32Array;
    part.forEach((_, i) => {
      pictures.push(fromModelRange(values.subarray(i * numbers, (i + 1) * numbers), size, size));
    });
  }
  return pictures;
}

/** How often readings pass for what was wanted with this one part wrong. */
function falsePassRate(random: Random, reader: Reader, judged: readonly Judged[], part: Part): Proportion {
  const names = namesOf(reader.config, part).filter((name) => name !== NATURAL);
  return proportion(
    judged.filter(({ wanted }) => wanted[part] !== undefined),
    ({ reading, wanted }) => {
      const wrong = random.pick(names.filter((name) => name !== wanted[part]));
      return satisfies(reading, { ...wanted, [part]: wrong });
    },
  );
}
