import { drawScene, type PlanOptions, planScene } from "../data/index.ts";
import type { BadSample, SampleSet } from "../data/sets/index.ts";
import { type DataTask, defaultThreads, PreparedStream, pictureJobs, SampleStream } from "../data/sets/index.ts";
import { ENOUGH, mostlyBad } from "../data/sets/prepared-stream.ts";
import type { Random } from "../random.ts";
import type { HostArray } from "../tensor/dtype.ts";
import type { DataConfig } from "./data-config.ts";
import { openSources, pickSource, streamSeed } from "./data-source.ts";
import { pixelArray } from "./pixel-array.ts";

/** What is being made of a data set before a stage begins. */
export interface DataProgress {
  phase: "texts" | "pictures" | "latents";
  /** The data set, as it was named. */
  path: string;
  /** Samples read, or shards encoded, of how many at most. */
  done: number;
  of: number;
}

export interface PrepareDataOptions {
  seed: number;
  signal?: AbortSignal;
  onProgress?: (progress: DataProgress) => void;
  onBad?: (bad: BadSample) => void;
}

/**
 * Texts of a mixture's samples: of each source a share of `samples` after its weight, and no sample twice.
 *
 * @param worldTexts texts of so many scenes
 */
export async function mixtureTexts(
  data: DataConfig,
  samples: number,
  worldTexts: (samples: number) => Iterable<string>,
  options: PrepareDataOptions,
): Promise<string[]> {
  const texts: string[] = [];
  const sources = await openSources(data);
  const total = sources.reduce((sum, { weight }) => sum + weight, 0);
  for (const { path, set, weight } of sources) {
    const share = Math.max(1, Math.round((samples * weight) / total));
    if (path === undefined || !set) texts.push(...worldTexts(share));
    else texts.push(...(await setTexts(set, share, { ...options, seed: streamSeed(options.seed, "texts", path) })));
  }
  return texts;
}

async function setTexts(set: SampleSet, most: number, options: PrepareDataOptions): Promise<string[]> {
  const { seed, signal, onProgress, onBad } = options;
  const stream = new SampleStream(set, { seed, shuffle: 1000, textsOnly: true });
  const texts: string[] = [];
  const counts = { read: 0, bad: 0 };
  try {
    while (counts.read < most) {
      signal?.throwIfAborted();
      const { sample, bad, place } = await stream.next();
      counts.read++;
      if (bad) {
        counts.bad++;
        onBad?.(bad);
      } else {
        const { caption, question, answer, instruction } = sample.texts;
        // As they stand in training, where an answer begins a line and follows its question.
        texts.push(...[caption, instruction].filter((text) => text !== undefined));
        if (question !== undefined && answer !== undefined) texts.push(`${question}\n${answer}`);
      }
      onProgress?.({ phase: "texts", path: set.path, done: counts.read, of: most });
      const isOver = place.epoch > 0;
      if ((isOver || counts.read >= ENOUGH) && counts.bad * 2 > counts.read) throw mostlyBad(set, counts, bad);
      if (isOver) break;
    }
    return texts;
  } finally {
    await stream.close();
  }
}

/** The most pictures, and bytes of them, that are held of each data set to fit the autoencoder to. */
const MOST_PICTURES = 4096;
const MOST_BYTES = 256 * 2 ** 20;

/**
 * Pictures out of a mixture, `size` pixels a side, for fitting the autoencoder: some thousand of each data set are read once and drawn
 * from at random, beside scenes of the picture world.
 */
export async function mixturePictures(
  data: DataConfig,
  size: number,
  scenes: PlanOptions,
  options: PrepareDataOptions,
): Promise<(random: Random, count: number) => Promise<HostArray>> {
  const sources = await Promise.all(
    (await openSources(data)).map(async ({ path, set, tasks, weight }) => {
      if (path === undefined || !set) return { weight, pictures: [] };
      const seed = streamSeed(options.seed, "pictures", path);
      const task: DataTask = tasks[0] ?? "generation";
      const threads = data.threads ?? defaultThreads();
      return { weight, pictures: await setPictures(set, { task, size, threads }, { ...options, seed }) };
    }),
  );
  return async (random, count) =>
    pixelArray(
      Array.from({ length: count }, () => {
        const { pictures } = pickSource(random, sources);
        return pictures.length === 0 ? drawScene(planScene(random, scenes), size) : random.pick(pictures);
      }),
      size,
    );
}

async function setPictures(
  set: SampleSet,
  { task, size, threads }: { task: DataTask; size: number; threads: number },
  { seed, signal, onProgress, onBad = () => {} }: PrepareDataOptions,
): Promise<Uint8Array[]> {
  const jobs = pictureJobs(threads);
  const stream = new PreparedStream(set, { task, seed, shuffle: 1000, size, jobs, threads, onBad });
  const most = Math.max(1, Math.min(MOST_PICTURES, Math.floor(MOST_BYTES / (3 * size * size))));
  const pictures: Uint8Array[] = [];
  try {
    while (pictures.length < most) {
      signal?.throwIfAborted();
      const { sample, cursor } = await stream.next();
      for (const picture of Object.values(sample.pictures)) pictures.push(picture);
      onProgress?.({ phase: "pictures", path: set.path, done: pictures.length, of: most });
      if (cursor.epoch > 0) break;
    }
    return pictures;
  } finally {
    await stream.close();
    await jobs.close();
  }
}
