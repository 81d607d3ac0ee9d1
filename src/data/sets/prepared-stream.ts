import { UserError } from "../../errors.ts";
import { inOrder } from "../../threads.ts";
import type { Squaring } from "./picture-jobs.ts";
import { type PictureJobs, picturesAhead } from "./pictures.ts";
import type { SampleSet } from "./record.ts";
import {
  type DataTask,
  draws,
  PICTURE_ROLES,
  type PictureRole,
  type Sample,
  type SampleTexts,
  serves,
} from "./sample.ts";
import { type BadSample, SampleStream, type StreamItem, type StreamPlace } from "./stream.ts";

/** A sample with its pictures ready to learn from. */
export interface PreparedSample {
  texts: SampleTexts;
  /** RGB bytes [size, size, 3], or float16 latents. */
  pictures: Partial<Record<PictureRole, Uint8Array>>;
}

/** Where a prepared stream stands; with its seed all that is needed to go on exactly. */
export interface StreamCursor extends StreamPlace {
  /** Samples given out of this epoch, the bad ones among them, and the bad ones. */
  read: number;
  bad: number;
}

export interface PreparedOptions {
  task: DataTask;
  seed: number;
  shuffle: number;
  /** Side of the squares in pixels. */
  size: number;
  jobs: PictureJobs;
  threads: number;
  /** Told of every sample that is left out, when its turn comes. */
  onBad: (bad: BadSample) => void;
  /** Bytes that a picture's latents take, where the data set holds latents instead of pictures. */
  latentBytes?: number;
}

/** Pictures are cut to a square where they are drawn, as `edit` does with its source, and padded where they are looked at, as in `describe`. */
const squaringOf = (task: DataTask): Squaring => (draws(task) ? "crop" : "pad");

const rolesFor = (task: DataTask): readonly PictureRole[] => (task === "editing" ? ["source", "target"] : ["image"]);

/** Samples that are read before a data set is called mostly bad; an epoch, where it has fewer. */
export const ENOUGH = 100;

type Prepared = { item: StreamItem; prepared?: PreparedSample; bad?: BadSample };

/**
 * The samples of a data set for a task, without end, with their pictures decoded ahead in threads. What is bad is left out and told; the
 * order and the cursors depend on neither threads nor timing.
 */
export class PreparedStream {
  readonly #stream: SampleStream;
  readonly #samples: AsyncGenerator<Prepared>;
  #cursor: StreamCursor | undefined;
  #lastBad: BadSample | undefined;

  constructor(
    private readonly set: SampleSet,
    private readonly options: PreparedOptions,
    from?: StreamCursor,
  ) {
    const { seed, shuffle, task, threads } = options;
    this.#cursor = from;
    this.#stream = new SampleStream(
      set,
      { seed, shuffle, accepts: (sample) => serves(sample, task), purpose: task },
      from,
    );
    this.#samples = inOrder(endless(this.#stream), picturesAhead(threads), (item) => this.#prepare(item));
  }

  /**
   * The next sample that can be used, and where the stream stands behind it.
   *
   * @throws UserError when the data set is mostly bad, or has nothing for the task
   */
  async next(): Promise<{ sample: PreparedSample; cursor: StreamCursor }> {
    for (;;) {
      const { value } = await this.#samples.next();
      const { item, prepared, bad } = value as Prepared;
      if (bad) this.options.onBad(bad);
      const cursor = this.#advance(item, bad);
      if (prepared) return { sample: prepared, cursor };
    }
  }

  async close(): Promise<void> {
    await this.#stream.close();
  }

  #advance({ place }: StreamItem, bad: BadSample | undefined): StreamCursor {
    const before = this.#cursor ?? { epoch: 0, read: 0, bad: 0 };
    this.#lastBad = bad ?? this.#lastBad;
    const counts = { read: before.read + 1, bad: before.bad + (bad ? 1 : 0) };
    const endsEpoch = place.epoch !== before.epoch;
    if ((counts.read >= ENOUGH || endsEpoch) && counts.bad * 2 > counts.read) {
      throw mostlyBad(this.set, counts, this.#lastBad);
    }
    this.#cursor = { ...place, ...(endsEpoch ? { read: 0, bad: 0 } : counts) };
    return this.#cursor;
  }

  async #prepare(item: StreamItem): Promise<Prepared> {
    if (item.bad) return { item, bad: item.bad };
    const { sample, name } = item;
    const { task, size, jobs, latentBytes } = this.options;
    const pictures: PreparedSample["pictures"] = {};
    for (const role of rolesFor(task)) {
      const bytes = sample.pictures[role]!;
      if (sample.isEncoded) {
        const reason = "it holds latents of another size";
        if (bytes.length !== latentBytes) return { item, bad: { name, reason } };
        pictures[role] = bytes;
        continue;
      }
      const { bytes: pixels, reason } = await jobs.run({ kind: "prepare", bytes, size, squaring: squaringOf(task) });
      if (reason !== undefined) return { item, bad: { name, reason: unreadable(role, reason) } };
      pictures[role] = pixels;
    }
    return { item, prepared: { texts: sample.texts, pictures } };
  }
}

async function* endless(stream: SampleStream): AsyncGenerator<StreamItem> {
  for (;;) yield await stream.next();
}

/** Why a sample is bad whose picture cannot be read. */
export function unreadable(role: PictureRole, reason: string): string {
  return `its ${role === "image" ? "picture" : `${role} picture`} cannot be read: ${reason}`;
}

/** The sentence with which a run ends on a data set that is mostly bad. */
export function mostlyBad(
  { path }: { path: string },
  counts: { read: number; bad: number },
  last?: BadSample,
): UserError {
  const example = last ? `, the last "${last.name}": ${last.reason}` : "";
  return new UserError(
    `More than half of the data set "${path}" is bad (${counts.bad} of ${counts.read} samples${example}); unipic data check names all that is.`,
  );
}

/** The roles of the pictures that a sample has. */
export const rolesOf = ({ pictures }: Sample): PictureRole[] => PICTURE_ROLES.filter((role) => pictures[role]);
