import { pictureHeader } from "../../image/codec.ts";
import { doPictureJob } from "./picture-jobs.ts";
import { rolesOf } from "./prepared-stream.ts";
import type { SampleSet } from "./record.ts";
import { type DataTask, kindsOf, type Sample, type SampleKind, type SampleTexts, serves, TASKS } from "./sample.ts";
import { everySample } from "./stream.ts";

/** The least, the middle, what 95 of 100 are not above, and the most. */
export interface Spread {
  least: number;
  median: number;
  percentile95: number;
  most: number;
}

export interface SetStats {
  path: string;
  form: SampleSet["form"];
  shards: number;
  samples: number;
  bad: number;
  kinds: Partial<Record<SampleKind, number>>;
  tasks: Partial<Record<DataTask, number>>;
  /** Pictures by format, their sides in pixels, and the bytes that they take. */
  pictures: { formats: Record<string, number>; width?: Spread; height?: Spread; bytes: number };
  /** By text: how many samples have it, and its characters and words. */
  texts: Partial<Record<keyof SampleTexts, { count: number; characters: Spread; words: Spread }>>;
  /** How fast all was read, in one thread and without decoding. */
  reading: { seconds: number; samplesPerSecond: number };
  /** How fast pictures were decoded and made `size` pixels a side, in one thread; a few of them were tried. */
  decoding?: { pictures: number; size: number; picturesPerSecond: number };
}

export interface StatsOptions {
  /** Side in pixels at which decoding is tried. */
  size: number;
  signal?: AbortSignal;
  onProgress?: (progress: { done: number; of?: number }) => void;
}

/** Pictures that are decoded to see how fast that goes, and the most bytes that they take. */
const TRIED = 200;
const TRIED_BYTES = 64 * 2 ** 20;

/**
 * Reads all of a data set, but of pictures only what the beginning of their files says, and sums it up. Memory does not grow with the
 * data set.
 */
export async function setStats(set: SampleSet, { size, signal, onProgress }: StatsOptions): Promise<SetStats> {
  const counts = { samples: 0, bad: 0, bytes: 0 };
  const kinds: SetStats["kinds"] = {};
  const tasks: SetStats["tasks"] = {};
  const formats: Record<string, number> = {};
  const sides = { width: new Histogram(), height: new Histogram() };
  const texts = new Map<keyof SampleTexts, { characters: Histogram; words: Histogram }>();
  const tried: Uint8Array[] = [];
  const began = performance.now();
  for await (const item of everySample(set)) {
    signal?.throwIfAborted();
    onProgress?.({ done: counts.samples + counts.bad + 1, of: set.count });
    const headers = "sample" in item ? await headersOf(item.sample) : undefined;
    if (!("sample" in item) || headers === undefined) {
      counts.bad++;
      continue;
    }
    const { sample } = item;
    counts.samples++;
    for (const kind of kindsOf(sample)) kinds[kind] = (kinds[kind] ?? 0) + 1;
    for (const task of TASKS) if (serves(sample, task)) tasks[task] = (tasks[task] ?? 0) + 1;
    for (const { format, width, height } of headers) {
      formats[format] = (formats[format] ?? 0) + 1;
      sides.width.add(width);
      sides.height.add(height);
    }
    for (const bytes of Object.values(sample.pictures)) {
      counts.bytes += bytes.length;
      if (tried.length < TRIED && counts.bytes < TRIED_BYTES && !sample.isEncoded) tried.push(bytes);
    }
    for (const [name, text] of Object.entries(sample.texts) as [keyof SampleTexts, string][]) {
      const lengths = texts.get(name) ?? { characters: new Histogram(), words: new Histogram() };
      lengths.characters.add(text.length);
      lengths.words.add(text.split(/\s+/).length);
      texts.set(name, lengths);
    }
  }
  const seconds = (performance.now() - began) / 1000;
  const { samples, bad, bytes } = counts;
  return {
    path: set.path,
    form: set.form,
    shards: set.shards.length,
    samples,
    bad,
    kinds,
    tasks,
    pictures: { formats, width: sides.width.spread(), height: sides.height.spread(), bytes },
    texts: Object.fromEntries(
      [...texts].map(([name, { characters, words }]) => [
        name,
        { count: characters.count, characters: characters.spread(), words: words.spread() },
      ]),
    ),
    reading: { seconds, samplesPerSecond: (samples + bad) / seconds },
    decoding: await decodingSpeed(tried, size, signal),
  };
}

/** What the files of a sample's pictures say of them; undefined where one is no picture. Latents say nothing. */
async function headersOf(sample: Sample): Promise<{ format: string; width: number; height: number }[] | undefined> {
  if (sample.isEncoded) return [];
  try {
    return await Promise.all(rolesOf(sample).map((role) => pictureHeader(sample.pictures[role]!)));
  } catch {
    return undefined;
  }
}

async function decodingSpeed(
  pictures: readonly Uint8Array[],
  size: number,
  signal?: AbortSignal,
): Promise<SetStats["decoding"]> {
  if (pictures.length === 0) return undefined;
  const began = performance.now();
  for (const bytes of pictures) {
    signal?.throwIfAborted();
    await doPictureJob({ kind: "prepare", bytes, size, squaring: "crop" });
  }
  return {
    pictures: pictures.length,
    size,
    picturesPerSecond: pictures.length / ((performance.now() - began) / 1000),
  };
}

/** Counts whole numbers; as large as there are different ones. */
class Histogram {
  readonly #counts = new Map<number, number>();
  count = 0;

  add(value: number): void {
    this.#counts.set(value, (this.#counts.get(value) ?? 0) + 1);
    this.count++;
  }

  spread(): Spread | undefined {
    if (this.count === 0) return undefined;
    const values = [...this.#counts].sort(([a], [b]) => a - b);
    const at = (share: number) => {
      let passed = 0;
      return values.find(([, count]) => {
        passed += count;
        return passed >= share * this.count;
      })![0];
    };
    return { least: values[0][0], median: at(0.5), percentile95: at(0.95), most: values[values.length - 1][0] };
  }
}
