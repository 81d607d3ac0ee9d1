/**
 * What `bench/data.ts` runs in a process of its own: reads a mixture of data sets as training does, without the training, and prints what
 * it took as JSON.
 */
import { parseArgs } from "node:util";
import {
  openSampleSet,
  PreparedStream,
  pictureJobs,
  type SampleSet,
  type StreamCursor,
} from "../src/data/sets/index.ts";
import { Random } from "../src/random.ts";
import { pickSource } from "../src/training/data-source.ts";
import { processMemory } from "./process-memory.ts";
import { run } from "./run.ts";

/** A source of the mixture; it is drawn from as often as it has records, so that all end at nearly the same time. */
export interface StreamedSource {
  path: string;
  records: number;
  /** Where it is gone on from. */
  cursor?: StreamCursor;
}

export interface StreamJob {
  sources: StreamedSource[];
  /** Threads that decode pictures. */
  threads: number;
  shuffle: number;
  /** Side of the squares that pictures become, in pixels. */
  size: number;
  /** Bytes of a record's latents, where it has latents. */
  latentBytes?: number;
  /** Samples to read; without, until every source has been read once. */
  samples?: number;
  /** Tell how many records were read from disk until the first sample; this takes time of its own. */
  countsRecords?: boolean;
}

export interface StreamResult {
  samples: number;
  /** Wall time, and processor time in all threads. */
  seconds: number;
  processorSeconds: number;
  /** From opening the folders to the first sample, wall time. */
  firstSeconds: number;
  /** Records read from disk until then. */
  firstRecords: number;
  /** Largest resident memory in bytes, of all threads. */
  peak: number;
  /** Where the sources stood when half of the samples, and 99 of 100, had been read. */
  middle: StreamCursor[];
  late: StreamCursor[];
}

async function measure({ sources, threads, shuffle, size, latentBytes, ...job }: StreamJob): Promise<StreamResult> {
  const processor = process.cpuUsage();
  const began = performance.now();
  const seconds = () => (performance.now() - began) / 1000;
  let records = 0;
  const jobs = pictureJobs(threads);
  const onBad = ({ name, reason }: { name: string; reason: string }) => {
    throw new Error(`${name}: ${reason}`);
  };
  const opened = await Promise.all(
    sources.map(async ({ path, records: weight, cursor }, seed) => {
      const set = await openSampleSet(path);
      const counted = job.countsRecords ? countRecords(set, () => records++) : set;
      const options = { task: "generation", seed, shuffle, size, jobs, threads, onBad, latentBytes } as const;
      return { weight, cursor, stream: new PreparedStream(counted, options, cursor) };
    }),
  );
  const all = sources.reduce((sum, source) => sum + source.records, 0);
  const cursors = () => opened.flatMap(({ cursor }) => cursor ?? []);
  const result = { firstSeconds: 0, firstRecords: 0, middle: cursors(), late: cursors() };
  const random = new Random(1);
  let samples = 0;
  const isOver = () =>
    job.samples === undefined ? opened.every(({ cursor }) => (cursor?.epoch ?? 0) > 0) : samples >= job.samples;
  while (!isOver()) {
    const source = pickSource(random, opened);
    source.cursor = (await source.stream.next()).cursor;
    if (++samples === 1) Object.assign(result, { firstSeconds: seconds(), firstRecords: records });
    if (samples === Math.round(0.5 * all)) result.middle = cursors();
    if (samples === Math.round(0.99 * all)) result.late = cursors();
  }
  const { user, system } = process.cpuUsage(processor);
  const total = seconds();
  await Promise.all(opened.map(({ stream }) => stream.close()));
  await jobs.close();
  return { samples, seconds: total, processorSeconds: (user + system) / 1e6, peak: processMemory().peak, ...result };
}

function countRecords(set: SampleSet, onRecord: () => void): SampleSet {
  const shards = set.shards.map((shard): SampleSet["shards"][number] => ({
    ...shard,
    async *records(from, options) {
      for await (const record of shard.records(from, options)) {
        onRecord();
        yield record;
      }
    },
  }));
  return { ...set, shards };
}

await run(async () => {
  const { positionals } = parseArgs({ allowPositionals: true });
  console.log(JSON.stringify(await measure(JSON.parse(positionals[0]) as StreamJob)));
});
