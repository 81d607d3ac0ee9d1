import { inOrder } from "../../threads.ts";
import type { BuildSource, BuiltSample } from "./build.ts";
import type { PictureFormat } from "./picture-jobs.ts";
import { pictureJobs, picturesAhead } from "./pictures.ts";
import { rolesOf, unreadable } from "./prepared-stream.ts";
import type { SampleSet } from "./record.ts";
import { kindsOf, type Sample } from "./sample.ts";
import { everySample } from "./stream.ts";

export interface SetSourceOptions {
  /** Pictures whose shorter side is longer are made smaller. */
  side?: number;
  /** What smaller pictures are written as. */
  format: PictureFormat;
  threads: number;
  /** Of the order in which the samples come, where it was drawn; see `openSampleSet`. */
  seed?: number;
}

/** A data set's samples as they are, with their pictures checked and, where asked for, made smaller. */
export function setSource(set: SampleSet, { side, format, threads, seed }: SetSourceOptions): BuildSource {
  const jobs = pictureJobs(threads);
  const build = async (item: { sample: Sample; name: string } | BuiltSample): Promise<BuiltSample> => {
    if (!("sample" in item)) return item;
    const { sample, name } = item;
    const fields: [string, Uint8Array][] = [];
    for (const role of rolesOf(sample)) {
      const made = await jobs.run({ kind: "shrink", bytes: sample.pictures[role]!, side, format });
      if (made.reason !== undefined) return { bad: { name, reason: unreadable(role, made.reason) } };
      const ending = made.format ?? sample.endings[role]!;
      fields.push([role === "image" ? ending : `${role}.${ending}`, made.bytes]);
    }
    const json = JSON.stringify({ ...sample.texts, name: sample.key });
    return { fields: [...fields, ["json", new TextEncoder().encode(json)]], kinds: kindsOf(sample) };
  };
  return {
    path: set.path,
    about: { from: set.path, side, format, seed },
    parts: [
      {
        folder: "",
        count: set.count,
        samples: (from) => inOrder(after(everySample(set), from), picturesAhead(threads), build),
      },
    ],
    close: () => jobs.close(),
  };
}

async function* after<Item>(items: AsyncIterable<Item>, count: number): AsyncGenerator<Item> {
  let passed = 0;
  for await (const item of items) if (passed++ >= count) yield item;
}
