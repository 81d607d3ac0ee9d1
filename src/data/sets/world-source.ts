import { inlineJobs, inOrder, type Jobs, threadedJobs } from "../../threads.ts";
import type { BuildSource } from "./build.ts";
import { picturesAhead } from "./pictures.ts";
import type { SampleKind } from "./sample.ts";
import type { Fields } from "./shard-writer.ts";
import { drawWorldSample, type WorldJob, type WorldOptions } from "./world-samples.ts";

export interface WorldSourceOptions extends WorldOptions {
  kinds: readonly SampleKind[];
  /** Samples of each kind. */
  count: number;
  /** Threads that draw; with 0, it is done where it is asked for. */
  threads: number;
}

/** Samples of the picture world, each kind in a folder of its own. */
export function worldSource({ kinds, count, threads, ...options }: WorldSourceOptions): BuildSource {
  const jobs: Jobs<WorldJob, Fields> =
    threads === 0 ? inlineJobs(drawWorldSample) : threadedJobs(new URL("./world-worker", import.meta.url), threads);
  return {
    path: "the picture world",
    about: { from: "the picture world", kinds, count, ...options },
    parts: kinds.map((kind) => ({
      folder: kind,
      count,
      samples: (from) =>
        inOrder(numbers(from, count), picturesAhead(threads), async (index) => ({
          fields: await jobs.run({ ...options, kind, index }),
          kinds: [kind],
        })),
    })),
    close: () => jobs.close(),
  };
}

async function* numbers(from: number, end: number): AsyncGenerator<number> {
  for (let number = from; number < end; number++) yield number;
}
