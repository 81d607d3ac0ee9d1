import { inOrder } from "../../threads.ts";
import { pictureJobs, picturesAhead } from "./pictures.ts";
import { rolesOf, unreadable } from "./prepared-stream.ts";
import type { SampleSet } from "./record.ts";
import { kindsOf, type Sample, type SampleKind } from "./sample.ts";
import { type BadSample, everySample } from "./stream.ts";

export interface CheckOptions {
  /** Threads that decode pictures; with 0, it is done here. */
  threads: number;
  signal?: AbortSignal;
  onProgress?: (progress: { done: number; of?: number }) => void;
  onBad?: (bad: BadSample) => void;
}

export interface CheckResult {
  /** Samples that can be used. */
  samples: number;
  bad: number;
  kinds: Partial<Record<SampleKind, number>>;
}

/** Reads all of a data set, decodes every picture, and names what is bad. */
export async function checkSet(set: SampleSet, options: CheckOptions): Promise<CheckResult> {
  const { threads, signal, onProgress, onBad } = options;
  const jobs = pictureJobs(threads);
  const look = async (item: { sample: Sample; name: string } | { bad: BadSample }) => {
    if ("bad" in item) return item;
    const { sample, name } = item;
    for (const role of rolesOf(sample)) {
      const { reason } = await jobs.run({ kind: "look", bytes: sample.pictures[role]! });
      if (reason !== undefined) return { bad: { name, reason: unreadable(role, reason) } };
    }
    return { kinds: kindsOf(sample) };
  };
  const result: CheckResult = { samples: 0, bad: 0, kinds: {} };
  try {
    for await (const seen of inOrder(everySample(set), picturesAhead(threads), look)) {
      signal?.throwIfAborted();
      if ("bad" in seen) {
        result.bad++;
        onBad?.(seen.bad);
      } else {
        result.samples++;
        for (const kind of seen.kinds) result.kinds[kind] = (result.kinds[kind] ?? 0) + 1;
      }
      onProgress?.({ done: result.samples + result.bad, of: set.count });
    }
    return result;
  } finally {
    await jobs.close();
  }
}
